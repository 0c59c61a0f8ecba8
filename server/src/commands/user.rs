//! `holdfast user`: who may sign in, and links for those who can't. Whoever can run this has the data base anyway, so
//! it asks for no session.

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use store::{Role, Store, StoreError, check_email, check_person_name};

/// How long a link leads in that is handed on.
const HOURS: i32 = 24;

/// What can be done about people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Lists all who may sign in, with their workspaces and roles.
    List,
    /// Adds somebody, or gives somebody a role in a workspace; prints a link for whoever has no password yet.
    Add(AddArgs),
    /// Prints a link that leads in once, for whoever lost a password.
    Link(LinkArgs),
}

/// Whom to add.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// E-mail address.
    #[arg(long)]
    pub email: String,
    /// What others call this person.
    #[arg(long, default_value = "")]
    pub name: String,
    /// A workspace to put this person in, by its name in addresses.
    #[arg(long, value_name = "NAME", required_unless_present = "admin")]
    pub workspace: Option<String>,
    /// As what.
    #[arg(long, value_enum, default_value_t = RoleName::Viewer)]
    pub role: RoleName,
    /// Owner of every workspace, who may make others.
    #[arg(long)]
    pub admin: bool,
    /// For the link.
    #[command(flatten)]
    pub address: Address,
}

/// Whose link.
#[derive(Debug, Args)]
pub struct LinkArgs {
    /// E-mail address. Without one the link is the first owner's, who has none yet.
    #[arg(long)]
    pub email: Option<String>,
    /// For the link.
    #[command(flatten)]
    pub address: Address,
}

/// Where the server is.
#[derive(Debug, Args)]
pub struct Address {
    /// Where the server is reached, for the link.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    pub address: String,
}

/// A role, as it is written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Reads all there is.
    Viewer,
    /// Brings in data, saves and changes what is saved.
    Editor,
    /// Decides on people, keys and settings.
    Owner,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Editor => Self::Editor,
            RoleName::Owner => Self::Owner,
        }
    }
}

/// Runs one of these.
///
/// # Errors
/// An address or a name that can't be one, an unknown workspace or person, the data base's.
pub(super) async fn run(store: &Store, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::List => list(store).await,
        UserCommand::Add(args) => add(store, args).await,
        UserCommand::Link(args) => link(store, args).await,
    }
}

async fn list(store: &Store) -> anyhow::Result<()> {
    for person in store.people().await? {
        let places = store.memberships(person.id).await?;
        let places: Vec<String> = places
            .iter()
            .map(|place| format!("{} of {}", place.role, place.slug))
            .collect();
        let marks = match (person.admin, person.has_password) {
            (true, true) => " (administrator)",
            (true, false) => " (administrator, no password)",
            (false, true) => "",
            (false, false) => " (no password)",
        };
        let email = person.email.as_deref().unwrap_or("no address");
        let places = match places.is_empty() {
            true => "in no workspace".to_owned(),
            false => places.join(", "),
        };
        println!("{email}  {}{marks}: {places}", person.name);
    }
    Ok(())
}

async fn add(store: &Store, args: AddArgs) -> anyhow::Result<()> {
    let email = check_email(&args.email)?;
    let name = check_person_name(&args.name)?;
    let workspace = match &args.workspace {
        Some(slug) => Some(super::workspace_called(store, slug).await?),
        None => None,
    };
    let people = store.people().await?;
    let known = people
        .iter()
        .find(|person| person.email.as_ref() == Some(&email));
    let (id, needs_link) = match known {
        Some(_) if args.admin => bail!("there is somebody with this address already"),
        Some(person) => (person.id, !person.has_password),
        None => (store.add_person(&email, &name, args.admin).await?, true),
    };
    if let Some(workspace) = workspace {
        store
            .set_role(workspace.id, id, args.role.into(), None)
            .await?;
        println!(
            "{email} is {} of {}.",
            Role::from(args.role),
            workspace.slug
        );
    }
    if needs_link {
        let token = store.reset_link(&email, HOURS).await?;
        tell(&args.address, token.text());
    }
    Ok(())
}

async fn link(store: &Store, args: LinkArgs) -> anyhow::Result<()> {
    let token = match &args.email {
        Some(email) => match store.reset_link(&check_email(email)?, HOURS).await {
            Err(StoreError::NotFound) => bail!("nobody has the address {email}"),
            token => token?,
        },
        None => match store.first_link().await? {
            Some(token) => token,
            None => bail!(
                "an administrator can sign in already. Name whose link it shall be with --email (see `holdfast user \
                 list`)"
            ),
        },
    };
    tell(&args.address, token.text());
    Ok(())
}

fn tell(address: &Address, token: &str) {
    let address = address.address.trim_end_matches('/');
    println!("{address}/welcome/{token}");
    eprintln!("This link leads in once. It is not shown again.");
}
