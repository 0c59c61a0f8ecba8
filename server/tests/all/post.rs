//! A server that takes mail, for tests: it speaks SMTP on this machine and keeps what it is given.

use mail_parser::{MessageParser, MimeHeaders, PartType};
use server::mail::Mailer;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Whom all mail is from.
pub const FROM: &str = "Holdfast <holdfast@holdfast.example>";

/// A letter as its reader sees it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Whom it was handed over for.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The picture that its markup shows.
    pub picture: Vec<u8>,
    /// As it came.
    pub raw: String,
}

impl Received {
    fn read(to: &str, raw: &[u8]) -> Self {
        let message = MessageParser::new().parse(raw).unwrap();
        let picture = message
            .parts
            .iter()
            .find(|part| part.content_id() == Some("picture"));
        let picture = picture.map(|part| match &part.body {
            PartType::InlineBinary(bytes) | PartType::Binary(bytes) => bytes.to_vec(),
            other => panic!("not a picture: {other:?}"),
        });
        let body = |text: Option<std::borrow::Cow<'_, str>>| {
            // SMTP ends each letter with a line's end of its own
            text.unwrap_or_default().trim_end().replace("\r\n", "\n")
        };
        let only_html = message.html_part(0).is_some_and(|part| part.is_text_html());
        Self {
            to: to.to_owned(),
            subject: message.subject().unwrap().to_owned(),
            text: body(message.body_text(0)),
            html: if only_html {
                body(message.body_html(0))
            } else {
                String::new()
            },
            picture: picture.unwrap_or_default(),
            raw: String::from_utf8(raw.to_vec()).unwrap(),
        }
    }

    /// The headers, without what follows them.
    pub fn head(&self) -> &str {
        self.raw.split("\r\n\r\n").next().unwrap()
    }

    /// The path that follows the server's address in it.
    pub fn path(&self) -> String {
        let (_, rest) = self.text.split_once("https://holdfast.example/").unwrap();
        format!("/{}", rest.split_whitespace().next().unwrap())
    }
}

/// It.
pub struct PostOffice {
    address: SocketAddr,
    refusal: Arc<Mutex<Option<&'static str>>>,
    letters: UnboundedReceiver<Received>,
}

impl PostOffice {
    /// Opens, and stays open for as long as the test's runtime.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (taken, letters) = unbounded_channel();
        let refusal = Arc::new(Mutex::new(None));
        let office = Self {
            address: listener.local_addr().unwrap(),
            refusal: refusal.clone(),
            letters,
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, refusal.clone(), taken.clone()));
            }
        });
        office
    }

    /// Its address, as a setting.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// What hands letters to it.
    pub fn mailer(&self) -> Mailer {
        Mailer::new(&self.url().parse().unwrap(), FROM).unwrap()
    }

    /// Answers every recipient so from now on, as in `550 no such mailbox`.
    pub fn refuse(&self, answer: Option<&'static str>) {
        *self.refusal.lock().unwrap() = answer;
    }

    /// The next letter, waited for if it is still on its way.
    pub async fn letter(&mut self) -> Received {
        let next = tokio::time::timeout(Duration::from_secs(30), self.letters.recv());
        next.await.expect("a letter comes").unwrap()
    }

    /// Whether all letters that came were looked at.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }
}

/// One connection, to its end. What a client says out of turn ends the test's patience, not the server's.
async fn talk(
    stream: TcpStream,
    refusal: Arc<Mutex<Option<&'static str>>>,
    taken: UnboundedSender<Received>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 post.example ready\r\n").await?;
    let mut to = String::new();
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let refused = *refusal.lock().unwrap();
        let answer = match line.get(..4).unwrap_or_default() {
            "EHLO" => "250-post.example\r\n250 8BITMIME".to_owned(),
            "MAIL" | "NOOP" | "RSET" => "250 ok".to_owned(),
            "RCPT" => {
                let (_, rest) = line.split_once('<').unwrap();
                to = rest.split('>').next().unwrap().to_owned();
                match refused {
                    // as many servers do, with the address in it
                    Some(answer) => format!("{answer} <{to}>"),
                    None => "250 ok".to_owned(),
                }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let raw = data(&mut stream).await?;
                // Nobody may be looking any more.
                drop(taken.send(Received::read(&to, &raw)));
                "250 taken".to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "500 what?".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        line.clear();
    }
    Ok(())
}

/// A letter, up to the line with a dot.
async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).await?;
        match line.as_slice() {
            b".\r\n" | b"" => return Ok(raw),
            [b'.', rest @ ..] => raw.extend_from_slice(rest),
            all => raw.extend_from_slice(all),
        }
    }
}
