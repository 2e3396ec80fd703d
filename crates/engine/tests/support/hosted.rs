//! A world with a forge: people who signed in, repositories that are switched on, messages that
//! arrive.

use super::*;

/// What the forge's App signs with.
pub const APP_SECRET: &str = "app-hook-secret";

/// Where in a list.
pub const ALL: Page = Page {
    offset: 0,
    limit: 100,
};

impl World {
    /// The forge's row, made when it is not there.
    pub async fn site(&self) -> ForgeId {
        let vault = self.vault();
        let mut tx = self.engine.store().begin().await.unwrap();
        let known = tx.forges().await.unwrap().pop();
        let id = match known {
            Some(site) => site.id,
            None => tx
                .put_forge(&NewForge {
                    kind: "memory".to_owned(),
                    name: "memory".to_owned(),
                    web_url: "https://memory.example".to_owned(),
                    api_url: "https://memory.example/api".to_owned(),
                    client_id: None,
                    client_secret: None,
                    app_id: None,
                    app_slug: None,
                    app_key: None,
                    hook_secret: Some(vault.seal(APP_SECRET.as_bytes()).unwrap()),
                    configured: false,
                    at: self.engine.now(),
                })
                .await
                .unwrap(),
        };
        tx.commit().await.unwrap();
        id
    }

    /// Somebody who signed in with the forge.
    pub async fn sign_in(&self, person: &RemotePerson) -> User {
        let forge_id = self.site().await;
        let travis_forge::hosting::Access::User(token) = self.hub.token_for(person) else {
            panic!("people have tokens");
        };
        let now = self.engine.now();
        let mut tx = self.engine.store().begin().await.unwrap();
        let user_id = tx
            .insert_user(&person.login, None, false, now)
            .await
            .unwrap();
        tx.put_identity(&NewIdentity {
            user_id,
            forge_id,
            remote_id: person.id.clone(),
            login: person.login.clone(),
            name: None,
            email: None,
            avatar_url: None,
            token: self.vault().seal(token.reveal().as_bytes()).unwrap(),
            refresh_token: None,
            token_expires_at: None,
            scopes: String::new(),
            at: now,
        })
        .await
        .unwrap();
        let user = tx.user(user_id).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        user
    }

    /// A viewer for somebody.
    pub async fn viewer_of(&self, user: &User) -> Viewer {
        let token = Secret::new(format!("token-of-{}", user.login));
        self.engine
            .ensure_api_token(user.id, "test", &token)
            .await
            .unwrap();
        self.engine.viewer_by_token(token.reveal()).await.unwrap()
    }

    /// Gives somebody a right here, as a synchronisation would.
    pub async fn grant(&self, user: &User, repository: &Repository, level: Option<Level>) {
        let mut tx = self.engine.store().begin().await.unwrap();
        tx.put_right(user.id, repository.id, level, self.engine.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        // What was read of rights is kept for a moment.
        self.pass(Duration::from_secs(6));
    }

    /// A repository of the forge, switched on by this person; its hook is made.
    pub async fn hosted(&self, at: &RemoteRef, by: &User) -> Repository {
        let forge_id = self.site().await;
        let anyone = travis_forge::hosting::Access::User(self.token(by).await);
        let hub: &dyn travis_forge::hosting::ForgeApi = self.hub.as_ref();
        let about = hub.repository(&anyone, at).await.unwrap();
        let secret = format!("ping-secret-of-{}", at.id);
        let now = self.engine.now();
        let mut tx = self.engine.store().begin().await.unwrap();
        let id = tx
            .put_hosted(&HostedRepository {
                hosting: Hosting {
                    forge_id,
                    remote_id: at.id.clone(),
                    path: at.path.clone(),
                    html_url: about.html_url,
                    fork: about.fork,
                    installation_id: None,
                    hook_id: None,
                    hooked_by: Some(by.id),
                    gone_at: None,
                    compared_at: None,
                },
                slug: at.path.parse().unwrap(),
                description: None,
                clone_url: about.clone_url,
                default_branch: about.default_branch,
                private: about.private,
                ping_secret: self.vault().seal(secret.as_bytes()).unwrap(),
                at: now,
            })
            .await
            .unwrap();
        let mut row = tx.repository(id).await.unwrap().unwrap();
        row.active = true;
        if let Some(hosting) = &mut row.hosting {
            hosting.hooked_by = Some(by.id);
            // The first comparison is behind it.
            hosting.compared_at = Some(now);
        }
        tx.update_repository(&row).await.unwrap();
        tx.put_right(by.id, id, Some(Level::Admin), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        hub.put_hook(
            &anyone,
            at,
            &travis_forge::hosting::HookDemand {
                url: format!("http://ci.example/ping/{id}"),
                secret: Secret::new(secret),
            },
        )
        .await
        .unwrap();
        row
    }

    async fn token(&self, user: &User) -> Secret {
        let mut reader = self.engine.store().reader().await.unwrap();
        let identity = reader.identities(user.id).await.unwrap().pop().unwrap();
        self.vault().unseal(&identity.token.unwrap()).unwrap()
    }

    /// Lets every message that the forge sent arrive, and waits until something came of each.
    pub async fn deliver(&self) -> Vec<Delivery> {
        let mut done = Vec::new();
        for id in self.arrive().await {
            done.push(self.delivered(id).await);
        }
        done
    }

    /// Lets every message that the forge sent arrive.
    pub async fn arrive(&self) -> Vec<DeliveryId> {
        let mut ids = Vec::new();
        for sent in self.hub.take_deliveries() {
            let id = sent.url.rsplit('/').next().unwrap().parse().unwrap();
            let taken = self
                .engine
                .take_ping(travis_model::RepositoryId(id), &sent.headers, &sent.body)
                .await
                .unwrap();
            ids.push(taken.delivery);
        }
        ids
    }

    /// Waits until a message is done with.
    pub async fn delivered(&self, id: DeliveryId) -> Delivery {
        until("the delivery done", async || {
            let mut reader = self.engine.store().reader().await.unwrap();
            let found = reader.delivery(id).await.unwrap().unwrap();
            (found.state != DeliveryState::Pending).then_some(found)
        })
        .await
    }

    /// The request that came of the newest message, when it is settled.
    pub async fn request_of(&self, delivery: &Delivery) -> Request {
        let id = delivery
            .request_id
            .unwrap_or_else(|| panic!("a request: {delivery:?}"));
        let mut reader = self.engine.store().reader().await.unwrap();
        let request = reader.request(id).await.unwrap().unwrap();
        drop(reader);
        if request.held_at.is_some() {
            return request;
        }
        self.settled(&request).await
    }

    /// Delivers, and gives back the only request that came of it, settled or held.
    pub async fn one_request(&self) -> Request {
        let done = self.deliver().await;
        assert_eq!(done.len(), 1, "{done:?}");
        self.request_of(&done[0]).await
    }

    pub async fn requests(&self, repository: &Repository) -> Vec<Request> {
        let mut reader = self.engine.store().reader().await.unwrap();
        reader.requests(repository.id, ALL).await.unwrap().items
    }

    pub async fn build_of(&self, request: &Request) -> Build {
        let mut reader = self.engine.store().reader().await.unwrap();
        let mut builds = reader.builds_of_requests(&[request.id]).await.unwrap();
        builds.pop().unwrap_or_else(|| panic!("{request:?}"))
    }
}
