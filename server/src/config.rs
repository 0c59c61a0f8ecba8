//! What an operator can set: one struct per concern, read once at start, from the command line or the environment. The
//! comments here are the program's help; the name of each variable stands in its field's `env`.

mod mail;
mod oidc;
mod secret;

pub use mail::MailConfig;
pub use oidc::OidcConfig;
pub use secret::Secret;

use crate::mail::Mailer;
use crate::oidc::Provider;
use crate::webhook::{Networks, Webhooks};
use clap::{Args, ValueEnum};
use reqwest::Url;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where the data are.
#[derive(Args, Clone, Debug)]
pub struct DatabaseConfig {
    /// Folder for what Holdfast keeps on this machine: its own Postgres, uploaded files.
    /// [default: /var/lib/holdfast for root, else the user's data folder: ~/.local/share/holdfast]
    #[arg(long, global = true, env = "HOLDFAST_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// A Postgres of your own, version 15 or newer, instead of the private one.
    ///
    /// It may hold a password and is never shown.
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<Secret>,

    /// Folder with Postgres's programs (initdb and the like) for the private one.
    /// [default: the newest in /usr/lib/postgresql, else the one that was installed otherwise]
    #[arg(long, global = true, env = "HOLDFAST_PG_BINDIR", value_name = "FOLDER")]
    pub pg_bindir: Option<PathBuf>,
}

impl DatabaseConfig {
    /// The data folder, or its default.
    pub fn data_dir(&self) -> PathBuf {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        match &self.data_dir {
            Some(folder) => folder.clone(),
            None => default_data_dir(
                is_root(),
                set("XDG_DATA_HOME").map(PathBuf::from),
                set("HOME").map(PathBuf::from),
            ),
        }
    }

    /// The operator's own Postgres, if there is one. A variable that is set but empty counts as not set.
    pub fn database_url(&self) -> Option<&Secret> {
        self.database_url.as_ref().filter(|url| url.is_set())
    }
}

fn default_data_dir(root: bool, data_home: Option<PathBuf>, home: Option<PathBuf>) -> PathBuf {
    match (root, data_home, home) {
        (true, _, _) => PathBuf::from("/var/lib/holdfast"),
        (false, Some(data_home), _) => data_home.join("holdfast"),
        (false, None, Some(home)) => home.join(".local/share/holdfast"),
        // an account without a home: beside whatever it runs
        (false, None, None) => PathBuf::from("data"),
    }
}

fn is_root() -> bool {
    std::process::Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// What `holdfast serve` serves, and where.
#[derive(Args, Clone, Debug)]
pub struct ServeConfig {
    /// Address to listen on. Beyond this machine it is safe behind a proxy that speaks https.
    #[arg(
        long,
        env = "HOLDFAST_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:3000"
    )]
    pub listen: ListenAddress,

    /// Names by which others reach the server, with commas between: holdfast.example.com. Those of this machine
    /// always lead to it, and the address listened on; to all others it does not answer.
    #[arg(
        long,
        env = "HOLDFAST_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub host: Vec<String>,

    /// Where people open it, for links in mail and in chat: `https://holdfast.example.com`. Its name is one of those
    /// answered. [default: the first name, or the address listened on]
    #[arg(long, env = "HOLDFAST_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,

    /// Folder of the built site (program, styles, icons for the browser).
    /// [default: `site` beside the executable if it is there, else target/site]
    #[arg(long, env = "HOLDFAST_SITE_ROOT", value_name = "FOLDER")]
    pub site_root: Option<PathBuf>,

    /// Customers of the demo workspace that is loaded when there is no workspace yet.
    #[arg(
        long,
        env = "HOLDFAST_DEMO_CUSTOMERS",
        value_name = "NUMBER",
        default_value_t = crate::demo::CUSTOMERS,
        value_parser = clap::value_parser!(u32).range(1..=10_000_000)
    )]
    pub demo_customers: u32,

    /// Loads no demo workspace.
    #[arg(long, env = "HOLDFAST_NO_DEMO")]
    pub no_demo: bool,

    /// Memory that the activity index may take, in MiB.
    #[arg(
        long,
        env = "HOLDFAST_INDEX_MEMORY",
        value_name = "MEBIBYTES",
        default_value_t = 256,
        value_parser = clap::value_parser!(u64).range(16..=1_048_576)
    )]
    pub index_memory: u64,

    /// Whether mail is sent.
    #[command(flatten)]
    pub mail: MailConfig,

    /// Networks of your own that webhooks may be sent into, also over http, with commas between: 10.1.0.0/16. Without
    /// them webhooks go to the Internet only, over https.
    #[arg(long, env = "HOLDFAST_WEBHOOK_ALLOW", value_name = "NETWORKS")]
    pub webhook_allow: Option<Networks>,

    /// Whether people may come in from elsewhere.
    #[command(flatten)]
    pub oidc: OidcConfig,
}

impl ServeConfig {
    /// The folder of the built site, or its default.
    pub fn site_root(&self) -> PathBuf {
        self.site_root.clone().unwrap_or_else(|| {
            std::env::current_exe()
                .ok()
                .and_then(|program| Some(program.parent()?.join("site")))
                .filter(|beside| beside.is_dir())
                .unwrap_or_else(|| PathBuf::from("target/site"))
        })
    }
}

/// What the pages are served with, once everything is found.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// The address listened on, its port known.
    pub address: SocketAddr,
    /// Folder of the built site.
    pub site_root: PathBuf,
    /// Folder where uploaded files wait for their import; only we can read it.
    pub uploads: PathBuf,
    /// The names by which others reach it.
    pub hosts: Vec<String>,
    /// Where people open it: scheme, name, and port if it is not the scheme's own. Links in mail begin so.
    pub origin: String,
    /// What sends mail, if any is sent.
    pub mailer: Option<Mailer>,
    /// What sends webhooks.
    pub webhooks: Webhooks,
    /// Who else says who people are, if anybody does.
    pub elsewhere: Option<Provider>,
}

/// Where people open it: an address without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Option<Url>);

/// Why something can't be where people open it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write it as https://holdfast.example.com: http or https, a name, perhaps a port, and nothing after them"
)]
pub struct PublicUrlError;

impl PublicUrl {
    /// As links begin; none when it was set to nothing.
    pub fn origin(&self) -> Option<String> {
        Some(self.0.as_ref()?.origin().ascii_serialization())
    }

    /// The name in it.
    pub fn host(&self) -> Option<&str> {
        self.0.as_ref()?.host_str()
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        let url = Url::parse(text.trim()).map_err(|_| PublicUrlError)?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        match bare && web {
            true => Ok(Self(Some(url))),
            false => Err(PublicUrlError),
        }
    }
}

/// An address with its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddress(SocketAddr);

/// Why an address can't be listened on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write it as ADDRESS:PORT, such as 127.0.0.1:3000, [::1]:3000, 0.0.0.0:3000 or localhost:3000"
)]
pub struct ListenError;

impl ListenAddress {
    /// The address.
    pub fn address(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for ListenAddress {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        numeric.parse().map(Self).map_err(|_| ListenError)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is logged, and how it looks.
#[derive(Args, Clone, Debug)]
pub struct LogConfig {
    /// What to log: a level, or `target=level` pairs with commas between.
    #[arg(
        long = "log",
        global = true,
        env = "HOLDFAST_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub filter: String,

    /// How a line of the log looks. [default: text on a terminal, else json]
    #[arg(
        long = "log-format",
        global = true,
        env = "HOLDFAST_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    pub format: Option<LogFormat>,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Cli;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    #[test]
    fn the_sample_names_every_setting() {
        let sample = include_str!("../../.env.sample");
        let lines = sample.lines().filter_map(|line| line.split_once('='));
        let named = lines.filter_map(|(name, _)| {
            let name = name.trim_start_matches('#');
            let variable = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
            name.bytes().all(variable).then(|| name.to_owned())
        });
        let named: BTreeSet<String> = named.collect();
        let cli = Cli::command();
        let commands = cli.get_subcommands().chain([&cli]);
        let settings = commands.flat_map(|command| command.get_arguments());
        let settings = settings.filter_map(|setting| setting.get_env());
        let settings = settings.map(|name| name.to_string_lossy().into_owned());
        assert_eq!(named, settings.collect());
    }

    #[test]
    fn addresses_to_listen_on() {
        for (text, expected) in [
            ("127.0.0.1:3000", Ok("127.0.0.1:3000")),
            ("127.1.2.3:80", Ok("127.1.2.3:80")),
            ("[::1]:3000", Ok("[::1]:3000")),
            ("localhost:3001", Ok("127.0.0.1:3001")),
            ("[::ffff:127.0.0.1]:3000", Ok("[::ffff:127.0.0.1]:3000")),
            ("0.0.0.0:3000", Ok("0.0.0.0:3000")),
            ("[::]:3000", Ok("[::]:3000")),
            ("192.168.0.7:3000", Ok("192.168.0.7:3000")),
            ("example.com:3000", Err(ListenError)),
            ("localhost:70000", Err(ListenError)),
            ("3000", Err(ListenError)),
        ] {
            let found = text.parse::<ListenAddress>();
            assert_eq!(
                found.map(|address| address.to_string()),
                expected.map(str::to_owned),
                "{text}"
            );
        }
    }

    #[test]
    fn where_people_open_it_has_no_path() {
        let read = |text: &str| {
            let url: PublicUrl = text.parse().ok()?;
            Some((url.origin()?, url.host()?.to_owned()))
        };
        let expected = |origin: &str, host: &str| Some((origin.to_owned(), host.to_owned()));
        assert_eq!(
            read(" https://Holdfast.Example.com/ "),
            expected("https://holdfast.example.com", "holdfast.example.com")
        );
        assert_eq!(
            read("http://10.0.0.7:8080"),
            expected("http://10.0.0.7:8080", "10.0.0.7")
        );
        assert_eq!("".parse(), Ok(PublicUrl(None)));
        for wrong in [
            "holdfast.example.com",
            "ftp://holdfast.example.com",
            "https://holdfast.example.com/path",
            "https://holdfast.example.com/?a=b",
            "https://holdfast.example.com/#a",
            "https://me@holdfast.example.com",
            "https://",
        ] {
            assert_eq!(wrong.parse::<PublicUrl>(), Err(PublicUrlError), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url: Secret = "postgres://me:hunter2@host/base".parse().unwrap();
        let config = DatabaseConfig {
            data_dir: None,
            database_url: Some(url),
            pg_bindir: None,
        };
        let shown = format!("{config:?}");
        assert!(
            shown.contains("Secret") && !shown.contains("hunter2"),
            "{shown}"
        );
    }

    #[test]
    fn an_empty_address_is_none() {
        let config = |url: &str| DatabaseConfig {
            data_dir: None,
            database_url: url.parse().ok(),
            pg_bindir: None,
        };
        assert_eq!(config(" ").database_url(), None);
        assert!(config("postgres:///x").database_url().is_some());
    }

    #[test]
    fn the_data_folder_has_a_default_for_everybody() {
        let path = |text: &str| Some(PathBuf::from(text));
        for (root, data_home, home, expected) in [
            (true, path("/x"), path("/root"), "/var/lib/holdfast"),
            (false, path("/x"), path("/home/a"), "/x/holdfast"),
            (
                false,
                None,
                path("/home/a"),
                "/home/a/.local/share/holdfast",
            ),
            (false, None, None, "data"),
        ] {
            assert_eq!(
                default_data_dir(root, data_home, home),
                PathBuf::from(expected)
            );
        }
    }
}
