//! x
#[path = "demo/measure.rs"]
mod measure;
use measure::*;
use server::demo::*;
#[test]
fn look() {
    let seed = std::env::var("SEED").ok().map_or(SEED, |s| s.parse().unwrap());
    let mut options = DemoOptions::until("2026-11-22".parse().unwrap());
    options.seed = seed;
    let t = std::time::Instant::now();
    let mut names = std::collections::BTreeMap::<String, (u32,u32)>::new();
    let (mut accounts, mut orgs, mut contracts) = (0, 0, 0);
    for h in options.generator() { accounts += 1; orgs += h.account.iter().count(); contracts += h.contracts.len(); for c in &h.customers { let mut seen = std::collections::BTreeSet::new(); for e in &c.events { let x = names.entry(e.name.clone()).or_default(); x.0 += 1; if seen.insert(&e.name) { x.1 += 1; } } } }
    println!("{accounts} {orgs} contracts {contracts} {:?}", t.elapsed());
    println!("total {} {names:#?}", names.values().map(|x|x.0).sum::<u32>());
    let p = Population::new(&options);
    for k in [0,1,2,3,4,5,6,7,8,10,12,16,20,26,39,52,78,100] { let l = p.retention(k, |_|true); println!("week {k}: {:.3} of {}", l.rate(), l.of); }
    let g = options.generator();
    println!("release {} campaign {}", g.release_week(), g.campaign_week());
    let weeks = g.weeks();
    let mut sizes = vec![0; weeks.len()];
    for c in &p.customers { let d = c.customer.signup_at.unwrap().to_zoned(jiff::tz::TimeZone::UTC).date(); let i = weeks.iter().rposition(|w| *w <= d).unwrap(); sizes[i]+=1; }
    println!("{:?}", weeks.iter().zip(&sizes).map(|(w,s)| format!("{w}:{s}")).collect::<Vec<_>>());
    for ch in ["affiliate","organic search","paid search","partner","referral","sales"] { 
        let f = |k| p.retention(k, |c: &CustomerHistory| c.customer.traits["channel"]==ch); println!("{ch}: n {} w1 {:.3} w4 {:.3} w8 {:.3} w26 {:.3}", f(1).of, f(1).rate(), f(4).rate(), f(8).rate(), f(26).rate()); }
    for window in [Window::Calendar, Window::Rolling] { for landmark in [true,false] { for all_events in [true,false] {
      println!("== {window:?} landmark {landmark} all_events {all_events}");
      for f in FEATURES { let q = p.quartiles(f, Reading{window, landmark, all_events});
        let s = |l: Left| format!("{:4}/{:5}={:4.1}", l.left, l.of, 100.0*l.rate());
        println!("{f:24} never {} low<={} {} mid {} high>={} {} raw {:5.1}±{:.1} adj {:5.1}±{:.1}", s(q.never), q.bottom_cut, s(q.low), s(q.middle), q.top_cut, s(q.high), q.raw, q.raw_half_width, q.adjusted, q.adjusted_half_width);
      }
      if !landmark {break;}
    }}}
}


#[test]
fn clean() {
    let n: u64 = std::env::var("CLEAN").ok().map_or(0, |s| s.parse().unwrap());
    for seed in 1..=n {
        let mut bad = vec![]; let mut nums = vec![];
        for until in ["2026-11-18", "2026-08-05", "2026-05-01", "2027-02-11"] {
            let mut options = DemoOptions::until(until.parse().unwrap());
            options.seed = seed;
            let p = Population::new(&options);
            for window in [Window::Calendar, Window::Rolling] { for all_events in [true,false] { for f in FEATURES {
                let q = p.quartiles(f, Reading{window, landmark: true, all_events});
                match f { "template_used" | "bulk_email_sent" => if all_events && until == "2026-11-18" { nums.push(format!("{:.1}", q.adjusted)) },
                 "theme_changed" => if q.raw.abs() + q.raw_half_width > 5.0 { bad.push(format!("{f}")); },
                 _ => if q.adjusted.abs() > q.adjusted_half_width { bad.push(format!("{f}")); } }
                 if f == "keyboard_shortcut_used" && q.raw + q.raw_half_width > -1.0 {  bad.push(format!("{f} raw")); }
            }}}
        }
        let mut counts = std::collections::BTreeMap::new(); let total = bad.len(); for b in bad { *counts.entry(b).or_insert(0) += 1; }
        println!("seed {seed}: {total} bad {counts:?} {nums:?}");
    }
}
#[test]
fn seeds() {
    let n: u64 = std::env::var("SEEDS").ok().map_or(0, |s| s.parse().unwrap());
    let mut found = std::collections::BTreeMap::<(String, &str), Vec<[f64;6]>>::new();
    let mut curve: Vec<[f64;6]> = vec![];
    for seed in 1..=n {
        let mut options = DemoOptions::until("2026-11-22".parse().unwrap());
        options.seed = seed;
        let p = Population::new(&options);
        curve.push([1,4,8,12,26,52].map(|k| p.retention(k, |_| true).rate()));
        for window in [Window::Calendar, Window::Rolling] { for all_events in [true,false] { for f in FEATURES {
            let q = p.quartiles(f, Reading{window, landmark: true, all_events});
            found.entry((format!("{window:?} {all_events}"), f)).or_default().push([q.raw, q.adjusted, q.raw_half_width, q.adjusted_half_width, 100.0*q.low.rate(), 100.0*q.high.rate()]);
        }}}
    }
    let ms = |v: &Vec<[f64;6]>, i: usize| { let m = v.iter().map(|x| x[i]).sum::<f64>()/v.len() as f64; let s = (v.iter().map(|x| (x[i]-m).powi(2)).sum::<f64>()/v.len() as f64).sqrt(); let lo = v.iter().map(|x| x[i]).fold(f64::MAX, f64::min); let hi = v.iter().map(|x| x[i]).fold(f64::MIN, f64::max); (m,s,lo,hi) };
    for i in 0..6 { let c = ms(&curve, i); println!("curve {i} {:.3} {:.3}", c.0, c.1); }
    for ((r, f), v) in &found { let a = ms(v,0); let b = ms(v,1); println!("{r:15} {f:24} raw {:5.1} sd {:.1} [{:5.1},{:5.1}] ci {:.1}  adj {:5.1} sd {:.1} [{:5.1},{:5.1}] ci {:.1}  low {:.1} high {:.1}", a.0,a.1,a.2,a.3,ms(v,2).0,b.0,b.1,b.2,b.3,ms(v,3).0,ms(v,4).0,ms(v,5).0); }
}
