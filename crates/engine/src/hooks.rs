//! Messages of hooks: checked over the raw body, stored, answered. What comes of them is decided
//! after the answer.

use crate::{Engine, EngineError, Vault, changes::Changes, plain::PlainPush};
use aws_lc_rs::digest;
use http::HeaderMap;
use travis_bus::Wake;
use travis_forge::hosting::ForgeApi;
use travis_model::{
    Delivery, DeliveryId, ForgeId, Repository, RepositoryId, Request, RequestId, Secret,
};
use travis_store::{DeliveryChange, NewDelivery};

/// The longest name of an event or number of a delivery that is kept, in bytes.
const WORD: usize = 200;

const SWITCHED_OFF: &str = "the repository is switched off";

/// A message that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Under which it is kept.
    pub delivery: DeliveryId,
    /// What came of it, when that is known already.
    pub outcome: Option<String>,
    /// The request that came of it, when that is known already.
    pub request: Option<Box<Request>>,
}

impl Engine {
    /// Takes a message of a repository's own hook. Nothing is changed before the signature is
    /// checked. Of plain git it is worked on at once, of a forge after the answer.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown repository, [`EngineError::Unauthorized`] for a
    /// missing or wrong signature, [`EngineError::Invalid`] for a body that can't be read.
    pub async fn take_ping(
        &self,
        id: RepositoryId,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Taken, EngineError> {
        let repository = self
            .store
            .reader()
            .await?
            .repository(id)
            .await?
            .ok_or(EngineError::NotFound("repository"))?;
        let secret = self.vault.unseal(&repository.ping_secret)?;
        let Some(hosting) = &repository.hosting else {
            let signed = text(headers, &["x-hub-signature-256"])
                .is_some_and(|signature| Vault::ping_signed(&secret, body, signature));
            return if signed {
                self.take_plain(&repository, headers, body).await
            } else {
                Err(unsigned(repository.private))
            };
        };
        let forged = self.forge_by_id(hosting.forge_id).await?;
        if !forged.api.signed(&secret, headers, body) {
            return Err(unsigned(repository.private));
        }
        let new = self.new_delivery(
            forged.api.as_ref(),
            hosting.forge_id,
            Some(id),
            headers,
            body,
        );
        self.keep(new).await
    }

    /// Takes a message of an App's hook.
    ///
    /// # Errors
    /// As [`Self::take_ping`]; [`EngineError::NotFound`] for an unknown forge, or one without an
    /// App.
    pub async fn take_hook(
        &self,
        id: ForgeId,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Taken, EngineError> {
        let forged = self.forge_by_id(id).await?;
        let sealed = forged.site.hook_secret.as_ref();
        let secret: Secret = self
            .vault
            .unseal(sealed.ok_or(EngineError::NotFound("forge"))?)?;
        if !forged.api.signed(&secret, headers, body) {
            return Err(EngineError::Unauthorized);
        }
        let new = self.new_delivery(forged.api.as_ref(), id, None, headers, body);
        self.keep(new).await
    }

    fn new_delivery(
        &self,
        api: &dyn ForgeApi,
        forge: ForgeId,
        repository: Option<RepositoryId>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> NewDelivery {
        // What can't be read is kept too: the list of deliveries says why nothing came of it.
        let (guid, event, action) = match api.read_hook(headers, body) {
            Ok(hook) => (hook.delivery, hook.event, hook.action),
            Err(_) => (None, "unreadable".to_owned(), None),
        };
        NewDelivery {
            forge_id: Some(forge),
            repository_id: repository,
            guid: guid.map_or_else(|| digest_of(&event, body), short),
            event: short(event),
            action: action.map(short),
            headers: kept_headers(headers),
            body: body.to_vec(),
            at: self.now(),
        }
    }

    async fn keep(&self, new: NewDelivery) -> Result<Taken, EngineError> {
        let mut tx = self.store.begin().await?;
        let (id, fresh) = tx.insert_delivery(&new).await?;
        tx.commit().await?;
        if fresh {
            let mut changes = Changes::default();
            changes.wake(Wake::Deliveries);
            changes.delivery(new.repository_id, id);
            changes.send(self.bus.as_ref());
        }
        Ok(Taken {
            delivery: id,
            outcome: None,
            request: None,
        })
    }

    async fn take_plain(
        &self,
        repository: &Repository,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Taken, EngineError> {
        let event = text(headers, EVENT).unwrap_or("push").to_owned();
        let push = PlainPush::of(&event, body)?;
        let number = text(headers, DELIVERY).map(|text| short(text.to_owned()));
        let guid = match &number {
            Some(number) => number.clone(),
            None if push.is_exact() => digest_of(&event, body),
            // The same words again may well mean another commit.
            None => Vault::new_token("ping")?.reveal().to_owned(),
        };
        let delivery = number.or_else(|| push.is_exact().then(|| guid.clone()));
        let mut tx = self.store.begin().await?;
        let (id, fresh) = tx
            .insert_delivery(&NewDelivery {
                forge_id: None,
                repository_id: Some(repository.id),
                guid,
                event: short(event),
                action: None,
                headers: kept_headers(headers),
                body: body.to_vec(),
                at: self.now(),
            })
            .await?;
        let mut changes = Changes::default();
        if fresh {
            let change = self
                .settle_plain(tx.as_mut(), &mut changes, repository, id, push, delivery)
                .await?;
            tx.settle_delivery(&change).await?;
            changes.delivery(Some(repository.id), id);
        }
        let row = tx
            .delivery(id)
            .await?
            .ok_or(EngineError::NotFound("delivery"))?;
        let request = match row.request_id.filter(|_| repository.active) {
            Some(request) => tx.request(request).await?.map(Box::new),
            None => None,
        };
        tx.commit().await?;
        changes.send(self.bus.as_ref());
        Ok(Taken {
            delivery: id,
            outcome: if repository.active {
                row.outcome
            } else {
                Some(SWITCHED_OFF.to_owned())
            },
            request,
        })
    }

    /// Works once more on a message of plain git that a person wants delivered again.
    pub(crate) async fn deliver_plain(&self, row: &Delivery) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let repository = match row.repository_id {
            Some(id) => tx.repository(id).await?,
            None => None,
        };
        let mut changes = Changes::default();
        let change = match (repository, PlainPush::of(&row.event, &row.body)) {
            (Some(repository), Ok(push)) => {
                let delivery = Some(row.guid.clone());
                self.settle_plain(
                    tx.as_mut(),
                    &mut changes,
                    &repository,
                    row.id,
                    push,
                    delivery,
                )
                .await?
            }
            (None, _) => self.settled(row.id, true, "The repository is not here any more."),
            (_, Err(error)) => self.settled(row.id, true, error.to_string()),
        };
        tx.settle_delivery(&change).await?;
        tx.commit().await?;
        changes.delivery(row.repository_id, row.id);
        changes.send(self.bus.as_ref());
        Ok(())
    }

    async fn settle_plain(
        &self,
        tx: &mut dyn travis_store::Tx,
        changes: &mut Changes,
        repository: &Repository,
        id: DeliveryId,
        push: PlainPush,
        delivery: Option<String>,
    ) -> Result<DeliveryChange, EngineError> {
        if !repository.active {
            return Ok(self.settled(id, false, SWITCHED_OFF));
        }
        let push = match push {
            PlainPush::Commit(push) => push,
            PlainPush::Nothing(reason) => return Ok(self.settled(id, false, reason)),
        };
        let new = push.request(repository.id, delivery, id, self.now());
        let made = self.insert_checked(tx, changes, &new).await?;
        Ok(self.asked(id, made.0.id, made.1))
    }

    pub(crate) fn settled(
        &self,
        id: DeliveryId,
        failed: bool,
        outcome: impl Into<String>,
    ) -> DeliveryChange {
        DeliveryChange {
            id,
            failed,
            outcome: outcome.into(),
            repository_id: None,
            request_id: None,
            at: self.now(),
        }
    }

    /// A request came of a delivery, or had come of it before.
    pub(crate) fn asked(&self, id: DeliveryId, request: RequestId, fresh: bool) -> DeliveryChange {
        let outcome = if fresh {
            format!("Request {request} came of it.")
        } else {
            format!("Request {request} came of it before; no second one is made.")
        };
        DeliveryChange {
            request_id: Some(request),
            ..self.settled(id, false, outcome)
        }
    }
}

/// Where forges put their number of a delivery, for plain git's hooks.
const DELIVERY: &[&str] = &[
    "x-github-delivery",
    "x-gitea-delivery",
    "x-forgejo-delivery",
    "x-gitlab-event-uuid",
];
/// Where they put the name of the event.
const EVENT: &[&str] = &[
    "x-github-event",
    "x-gitea-event",
    "x-forgejo-event",
    "x-gitlab-event",
];

fn text<'h>(headers: &'h HeaderMap, names: &[&str]) -> Option<&'h str> {
    names
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
}

/// A private repository can't be told from a missing one.
const fn unsigned(private: bool) -> EngineError {
    if private {
        EngineError::NotFound("repository")
    } else {
        EngineError::Unauthorized
    }
}

fn short(text: String) -> String {
    if text.len() <= WORD {
        text
    } else {
        let end = (0..=WORD).rev().find(|at| text.is_char_boundary(*at));
        text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
    }
}

fn digest_of(event: &str, body: &[u8]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(event.as_bytes());
    context.update(b"\n");
    context.update(body);
    format!("body:{}", hex::encode(context.finish()))
}

/// The headers that are needed for reading the message again. Never one that proves who sent it.
fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    const PROOFS: [&str; 5] = ["signature", "token", "secret", "authorization", "cookie"];
    headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            (name.starts_with("x-") || name == "content-type" || name == "user-agent")
                && !name.starts_with("x-forwarded")
                && !name.starts_with("x-real")
                && !PROOFS.iter().any(|proof| name.contains(proof))
        })
        .filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str().to_owned(), value.chars().take(500).collect()))
        })
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_not_kept() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-github-event", "push"),
            ("x-hub-signature-256", "sha256=00"),
            ("x-gitea-signature", "00"),
            ("x-gitlab-token", "hush"),
            ("authorization", "hush"),
            ("cookie", "hush"),
            ("content-type", "application/json"),
            ("accept", "*/*"),
        ] {
            headers.insert(name, http::HeaderValue::from_static(value));
        }
        let mut kept: Vec<_> = kept_headers(&headers).into_iter().map(|h| h.0).collect();
        kept.sort();
        assert_eq!(kept, ["content-type", "x-github-event"]);
    }

    #[test]
    fn bodies_without_a_number_are_told_apart_by_what_they_say() {
        assert_eq!(digest_of("push", b"a"), digest_of("push", b"a"));
        assert_ne!(digest_of("push", b"a"), digest_of("tag", b"a"));
        assert_ne!(digest_of("push", b"a"), digest_of("push", b"b"));
        assert_eq!(short("\u{e9}".repeat(150)).len(), 200);
    }
}
