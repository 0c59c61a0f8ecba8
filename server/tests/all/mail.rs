//! Letters as they arrive.

use crate::post::{FROM, PostOffice};
use server::mail::{Letter, MailError, Mailer};

fn letter() -> Letter {
    Letter {
        to: "ada@example.com".to_owned(),
        subject: "Retention".to_owned(),
        text: "72 % stay.".to_owned(),
        html: None,
        picture: None,
        message_id: None,
    }
}

#[tokio::test]
async fn what_is_written_arrives() {
    let mut post = PostOffice::open().await;
    let long =
        "Wörter, die länger sind als eine Zeile von Briefen, und noch mehr davon; ".repeat(3);
    let long = long.trim_end();
    let full = Letter {
        subject: format!("Bleiben “alle”? {long}"),
        text: format!(".\n..Punkte am Anfang\n{long}"),
        html: Some(format!("<p>{long}</p><img src=\"cid:picture\">")),
        picture: Some(vec![0x89, b'P', b'N', b'G', 0, 255, 13, 10, 46]),
        message_id: Some("report-7@holdfast.example".to_owned()),
        ..letter()
    };
    post.mailer().send(&full).await.unwrap();
    let got = post.letter().await;
    assert_eq!(got.to, full.to);
    assert_eq!(got.subject, full.subject);
    assert_eq!(got.text, full.text);
    assert_eq!(got.html, full.html.unwrap());
    assert_eq!(got.picture, full.picture.unwrap());
    for line in [
        "From: Holdfast <holdfast@holdfast.example>",
        "To: ada@example.com",
        "Auto-Submitted: auto-generated",
        "Message-ID: <report-7@holdfast.example>",
        "Date: ",
    ] {
        assert!(got.head().contains(line), "{line}: {}", got.head());
    }
    assert!(got.raw.lines().all(|line| line.len() <= 998));

    // Without markup nothing else is in it, and each has a name of its own.
    let mut names = Vec::new();
    for _ in 0..2 {
        post.mailer().send(&letter()).await.unwrap();
        let got = post.letter().await;
        assert_eq!((got.text.as_str(), got.html.as_str()), ("72 % stay.", ""));
        let (_, name) = got.head().split_once("Message-ID: ").unwrap();
        names.push(name.lines().next().unwrap().to_owned());
    }
    assert!(names[0] != names[1] && names[0].ends_with("@holdfast.example>"));
    assert!(post.is_empty());
}

#[tokio::test]
async fn no_header_can_be_put_in() {
    let mut post = PostOffice::open().await;
    for line_end in ["\r\n", "\n", "\r"] {
        let bad = Letter {
            subject: format!("Retention{line_end}Bcc: eve@example.com{line_end}{line_end}Hello"),
            message_id: Some(format!("x{line_end}Bcc: eve@example.com")),
            ..letter()
        };
        post.mailer().send(&bad).await.unwrap();
        let got = post.letter().await;
        let names = got
            .head()
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']));
        let names: Vec<&str> = names.map(|line| line.split(':').next().unwrap()).collect();
        assert!(!names.contains(&"Bcc"), "{}", got.head());
        assert!(got.subject.starts_with("Retention ") && got.subject.ends_with(" Hello"));
        assert_eq!(
            (got.to.as_str(), got.text.as_str()),
            ("ada@example.com", "72 % stay.")
        );

        for to in [
            format!("ada@example.com{line_end}Bcc: eve@example.com"),
            format!("ada@example.com>{line_end}RCPT TO:<eve@example.com"),
        ] {
            let sent = post.mailer().send(&Letter { to, ..letter() }).await;
            assert_eq!(sent, Err(MailError::Address));
        }
    }
    assert!(post.is_empty());
}

#[tokio::test]
async fn what_goes_wrong_is_told_without_the_address() {
    let mut post = PostOffice::open().await;
    for (answer, expected) in [
        ("550 no such mailbox", MailError::Refused(550)),
        ("451 not now", MailError::Later(451)),
        ("530 sign in first", MailError::Credentials(530)),
    ] {
        post.refuse(Some(answer));
        let error = post.mailer().send(&letter()).await.unwrap_err();
        assert_eq!(error, expected);
        let said = format!("{error} {error:?} {:?}", letter());
        assert!(!said.contains("ada@"), "{said}");
    }
    post.refuse(None);
    post.mailer().send(&letter()).await.unwrap();
    assert_eq!(post.letter().await.to, "ada@example.com");
    post.mailer().greets().await.unwrap();

    // Where TLS is asked for, nothing is sent without it.
    for url in [
        format!("{}?tls=required", post.url()),
        post.url().replace("smtp:", "smtps:"),
    ] {
        let mailer = Mailer::new(&url.parse().unwrap(), FROM).unwrap();
        assert_eq!(mailer.send(&letter()).await, Err(MailError::Away));
    }
    assert!(post.is_empty());

    // Nobody is there any more, or nobody who speaks.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", gone.local_addr().unwrap())
        .parse()
        .unwrap();
    let mailer = Mailer::new(&url, FROM).unwrap();
    drop(gone);
    assert_eq!(mailer.greets().await, Err(MailError::Away));
    assert_eq!(mailer.send(&letter()).await, Err(MailError::Away));
}
