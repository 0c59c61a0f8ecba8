use super::*;
use clap::Parser;
use std::io::Write;
use tempfile::NamedTempFile;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    import: ImportArgs,
}

fn args(more: &[&str]) -> ImportArgs {
    let line = ["import", "events.csv", "--workspace", "shop"];
    Line::try_parse_from(line.iter().chain(more))
        .expect("these arguments are fine")
        .import
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("room for it");
    file
}

fn look<'a>(events: &'a NamedTempFile, args: &ImportArgs) -> anyhow::Result<Vec<Ready<'a>>> {
    look_at(&[(events.path(), FileKind::Events)], "UTC", args)
}

fn refusal(text: &str, args: &ImportArgs) -> String {
    let file = file(text);
    match look(&file, args) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn arguments_are_checked() {
    let given = args(&[
        "--dates=day-first",
        "--week-start=sunday",
        "--column=customer=Kunde",
        "--column=ignore=a=b",
    ]);
    assert_eq!(given.dates, Some(DateOrder::DayFirst));
    assert_eq!(given.week_start, Some(WeekStart::Sunday));
    let columns: Vec<(ColumnRole, &str)> = given
        .columns
        .iter()
        .map(|column| (column.role, column.column.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            (ColumnRole::Customer, "Kunde"),
            (ColumnRole::Ignored, "a=b")
        ]
    );
    let line = ["import", "events.csv", "--workspace", "shop"];
    for wrong in [
        "--dates=us",
        "--week-start=friday",
        "--column=Kunde",
        "--column=who=Kunde",
    ] {
        assert!(
            Line::try_parse_from(line.into_iter().chain([wrong])).is_err(),
            "{wrong}"
        );
    }
    assert!(Line::try_parse_from(["import", "events.csv"]).is_err());
}

#[test]
fn an_open_question_is_put_with_its_answers() {
    let text = "user_id,event,date\nu1,open,03/04/2026\n";
    let said = refusal(text, &args(&[]));
    assert!(
        said.contains("Is “03/04/2026” day first or month first?"),
        "{said}"
    );
    assert!(said.contains("--dates day-first"), "{said}");
    let file = file(text);
    assert!(look(&file, &args(&["--dates=day-first"])).is_ok());

    let text = "who,event,time\nu1,open,1602611311\n";
    let said = refusal(text, &args(&[]));
    assert!(
        said.contains("Which column holds the customer's id?"),
        "{said}"
    );
    assert!(said.contains("the columns are who, event, time"), "{said}");
    assert_eq!(refusal(text, &args(&["--column=customer=who"])), "nothing");
    let said = refusal(text, &args(&["--column=customer=who", "--column=key=id"]));
    assert_eq!(said, "no file has a column \"id\" for key");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let said = refusal("{\"json\": true}", &args(&[]));
    assert!(said.ends_with(": this is JSON, not a CSV file"), "{said}");
    let missing = Path::new("nowhere/events.csv");
    let outcome = look_at(&[(missing, FileKind::Events)], "UTC", &args(&[]));
    let said = format!("{:#}", outcome.err().expect("it is not there"));
    assert!(said.starts_with("nowhere/events.csv: "), "{said}");
    let folder = std::env::temp_dir();
    let outcome = look_at(&[(&folder, FileKind::Events)], "UTC", &args(&[]));
    let said = format!("{:#}", outcome.err().expect("a folder is refused"));
    assert!(said.ends_with("is not a file"), "{said}");
}

#[test]
fn what_will_be_read_is_shown() {
    let file = file("user_id;event;time;plan\nu1;open;1602611311;pro\n");
    let ready = look(&file, &args(&[])).expect("nothing is open");
    let said = report::columns(Path::new("e.csv"), &ready[0].preview, &ready[0].mapping);
    assert_eq!(
        said,
        "e.csv: events, columns separated by “;”; times in seconds since 1970, those without offset in UTC
  user_id  customer  u1
  event    event     open
  time     time      1602611311
  plan     property  pro"
    );
}
