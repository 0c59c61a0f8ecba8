//! The private cluster, with the real Postgres of this machine. Right for root as for an ordinary user: where they
//! differ, the test says what each is promised.

use crate::scratch::{Scratch, kill, run, until};
use server::cluster::{Cluster, ClusterConfig, ClusterError};
use server::folder::DataFolder;
use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions, Connection};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

#[tokio::test]
async fn a_fresh_cluster_is_durable_and_private() {
    let scratch = Scratch::new();
    let cluster = Cluster::open(&config(&scratch)).await.unwrap();
    assert!(cluster.started());
    let mut connection = cluster.options().connect().await.unwrap();
    for (setting, expected) in [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("timezone", "UTC"),
        ("log_min_error_statement", "panic"),
        ("log_error_verbosity", "terse"),
    ] {
        let (value,): (String,) = sqlx::query_as("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(value, expected, "{setting}");
    }
    let role: (bool, bool, bool, bool, bool) = sqlx::query_as(
        "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
         from pg_roles where rolname = current_user",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(role, (false, false, false, false, false));
    let refused = sqlx::query("create role intruder")
        .execute(&mut connection)
        .await
        .unwrap_err();
    assert_eq!(
        refused.as_database_error().unwrap().code().as_deref(),
        Some("42501")
    );
    sqlx::query("create table made_here (id integer)")
        .execute(&mut connection)
        .await
        .unwrap();

    // Root is the application there and nothing else; an ordinary user runs Postgres himself, so he is its master.
    let admin = cluster.options().username("holdfast_admin").connect().await;
    assert_eq!(admin.is_err(), is_root(), "{admin:?}");
    let user = run(
        "ps",
        &["-o", "uid=", "-p", &scratch.postmaster().to_string()],
    );
    assert_ne!(user.trim(), "0");
    assert_eq!(mode(cluster.socket()), 0o700);
    assert_eq!(mode(&cluster.folder()), 0o700);

    connection.close().await.unwrap();
    cluster.close().await.unwrap();
    assert!(!scratch.is_running());
}

#[tokio::test]
async fn the_first_starts_it_and_the_last_stops_it() {
    let scratch = Scratch::new();
    let first = Cluster::open(&config(&scratch)).await.unwrap();
    let second = Cluster::open(&config(&scratch)).await.unwrap();
    assert!(first.started() && !second.started());
    let postmaster = scratch.postmaster();
    first.close().await.unwrap();
    assert_eq!(scratch.postmaster(), postmaster);
    let mut connection = second.options().connect().await.unwrap();
    connection.ping().await.unwrap();
    drop(connection);
    second.close().await.unwrap();
    assert!(!scratch.is_running());

    // Left behind by a machine that lost its power: the process of that number is long gone.
    let mut gone = std::process::Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let cluster = scratch.cluster();
    std::fs::write(
        cluster.join("postmaster.pid"),
        format!(
            "{}\n{}\n1700000000\n5432\n../socket\n\n  1 1\n",
            gone.id(),
            cluster.display()
        ),
    )
    .unwrap();
    let third = Cluster::open(&config(&scratch)).await.unwrap();
    assert!(third.started());
    assert_ne!(scratch.postmaster(), gone.id());
    third.close().await.unwrap();

    // Written by a version that is not installed.
    std::fs::write(cluster.join("PG_VERSION"), "9\n").unwrap();
    let error = Cluster::open(&config(&scratch)).await.unwrap_err();
    assert!(
        matches!(error, ClusterError::OtherVersion { data: 9, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn what_was_acknowledged_survives_the_death_of_postgres() {
    let scratch = Scratch::new();
    let cluster = Cluster::open(&config(&scratch)).await.unwrap();
    let mut connection = cluster.options().connect().await.unwrap();
    sqlx::query("create table kept (id integer)")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("insert into kept values (42)")
        .execute(&mut connection)
        .await
        .unwrap();
    // A process of Postgres that is busy holds its memory for a while after the postmaster's death, and with it keeps
    // the next one from starting.
    let mut busy = cluster.options().connect().await.unwrap();
    let work = tokio::spawn(async move {
        sqlx::query("select count(*) from generate_series(1, 20000000)")
            .execute(&mut busy)
            .await
    });
    until("the busy query runs", async || {
        let (running,): (i64,) = sqlx::query_as(
            "select count(*) from pg_stat_activity where query like '%generate_series(1, %' and pid <> pg_backend_pid()",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        running == 1
    })
    .await;
    let postmaster = scratch.postmaster();
    kill(postmaster);
    // Whether it still got its answer does not matter.
    drop(cluster);
    let again = Cluster::open(&config(&scratch)).await.unwrap();
    assert!(again.started());
    assert_ne!(scratch.postmaster(), postmaster);
    drop(work.await);
    let mut connection = again.options().connect().await.unwrap();
    let (kept,): (i32,) = sqlx::query_as("select id from kept")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(kept, 42);
    drop(connection);
    again.close().await.unwrap();
}

#[tokio::test]
async fn a_watched_cluster_comes_back_by_itself() {
    let scratch = Scratch::new();
    let mut cluster = Cluster::open(&config(&scratch)).await.unwrap();
    cluster.supervise();
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(1))
        .connect_with(cluster.options())
        .await
        .unwrap();
    let postmaster = scratch.postmaster();
    kill(postmaster);
    until("the pool answers again", async || {
        // The pool may first hand out connections that died with it.
        sqlx::query("select 1").execute(&pool).await.is_ok()
            && scratch.is_running()
            && scratch.postmaster() != postmaster
    })
    .await;
    pool.close().await;
    cluster.close().await.unwrap();
    assert!(!scratch.is_running());
}

#[tokio::test]
async fn an_interrupted_making_is_begun_anew() {
    let scratch = Scratch::new();
    let half = scratch.data().join("postgres/cluster.new");
    std::fs::create_dir_all(half.join("base")).unwrap();
    std::fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    assert!(!Cluster::exists(&scratch.data()));
    let cluster = Cluster::open(&config(&scratch)).await.unwrap();
    assert!(Cluster::exists(&scratch.data()) && !half.exists());
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_folder_out_of_reach_is_left_for_the_shelter() {
    let scratch = Scratch::with_mode(0o700);
    let cluster = Cluster::open(&config(&scratch)).await.unwrap();
    let link = scratch.data().join("postgres");
    if is_root() {
        // Postgres runs as another user, who may not enter.
        let target = std::fs::read_link(&link).unwrap();
        assert!(target.starts_with(scratch.shelter()), "{target:?}");
        assert_eq!(cluster.folder(), target.join("cluster"));
    } else {
        assert!(std::fs::symlink_metadata(&link).unwrap().is_dir());
    }
    cluster.close().await.unwrap();

    // The next one finds it there.
    let again = Cluster::open(&config(&scratch)).await.unwrap();
    again.close().await.unwrap();

    // A link that leads nowhere is no empty data folder.
    std::fs::rename(&link, scratch.data().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(scratch.data().join("gone"), &link).unwrap();
    let error = Cluster::open(&config(&scratch)).await.unwrap_err();
    assert!(
        matches!(&error, ClusterError::LostCluster { target, .. } if target.ends_with("gone")),
        "{error}"
    );
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_a_short_one() {
    let scratch = Scratch::new();
    let data = scratch.data().join("a".repeat(120));
    std::fs::create_dir(&data).unwrap();
    let config = ClusterConfig {
        data,
        ..config(&scratch)
    };
    let cluster = Cluster::open(&config).await.unwrap();
    let socket = cluster.socket().to_owned();
    assert!(
        socket.starts_with("/tmp") && mode(&socket) == 0o700,
        "{socket:?}"
    );
    cluster.close().await.unwrap();

    // Somebody else's folder of that name is not trusted.
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = Cluster::open(&config).await.unwrap_err();
    assert!(
        matches!(error, ClusterError::UnsafeSocketFolder { .. }),
        "{error}"
    );
    std::fs::remove_dir_all(&socket).unwrap();
}

#[tokio::test]
async fn programs_that_are_not_there_are_named() {
    let scratch = Scratch::new();
    let config = ClusterConfig {
        programs: Some(scratch.data()),
        ..config(&scratch)
    };
    let error = Cluster::open(&config).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("HOLDFAST_PG_BINDIR") && text.contains("postgres"),
        "{text}"
    );
}

#[test]
fn a_second_server_on_a_data_folder_is_refused() {
    let scratch = Scratch::new();
    let folder = DataFolder::open(&scratch.data()).unwrap();
    let claim = folder.claim().unwrap();
    let error = folder.claim().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "The data folder {} is in use by another Holdfast (process {}). Stop it or choose another with --data-dir.",
            folder.path().display(),
            std::process::id()
        )
    );
    drop(claim);
    folder.claim().unwrap();
}

#[test]
fn a_data_folder_that_cannot_be_one_is_refused_in_words() {
    let scratch = Scratch::new();
    let file = scratch.data().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("data")] {
        let text = DataFolder::open(&path).unwrap_err().to_string();
        assert!(
            text.contains("is not a folder") && text.contains("--data-dir"),
            "{text}"
        );
    }
    let closed = scratch.data().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let opened = DataFolder::open(&closed);
    if is_root() {
        // No folder is closed to root.
        opened.unwrap();
    } else {
        let text = opened.unwrap_err().to_string();
        assert!(
            text.contains("can't be used") && text.contains("--data-dir"),
            "{text}"
        );
    }
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The cluster of a data folder, with the Postgres of this machine.
fn config(scratch: &Scratch) -> ClusterConfig {
    ClusterConfig {
        data: scratch.data(),
        programs: None,
        shelter: scratch.shelter(),
    }
}

fn is_root() -> bool {
    run("id", &["-u"]).trim() == "0"
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
