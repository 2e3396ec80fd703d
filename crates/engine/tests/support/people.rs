//! People who sign in with the forge, and what they see then.

use super::*;
use travis_engine::{Arrival, Secret, SignInError, SignedIn, Viewer};
use travis_forge::hosting::RemotePerson;
use travis_model::{Identity, SyncState, UserId};
use travis_store::{RepositoryFilter, SeenBy};

/// What stays in the browser of everybody here.
pub const BROWSER: &str = "browser_1";

/// Somebody on the way back.
pub struct Way {
    /// What the forge gave.
    pub code: Secret,
    /// What came back.
    pub state: String,
}

impl World {
    /// The forge's row with an OAuth client, and a person sent there who agreed.
    pub async fn go(&self, person: &RemotePerson, next: Option<&str>, viewer: &Viewer) -> Way {
        let forge = self.site().await;
        let url = self
            .engine
            .begin_sign_in(forge, BROWSER, next, viewer)
            .await
            .unwrap();
        let (code, state) = self.hub.agree(&url, person);
        Way { code, state }
    }

    pub async fn come(
        &self,
        way: &Way,
        browser: &str,
        session: Option<&str>,
        viewer: &Viewer,
    ) -> Result<SignedIn, SignInError> {
        let arrival = Arrival {
            code: Some(way.code.reveal()),
            state: &way.state,
            browser,
            session,
            viewer,
            user_agent: "Test/1",
        };
        self.engine.finish_sign_in(self.site().await, arrival).await
    }

    pub async fn signs_in(&self, person: &RemotePerson) -> Viewer {
        let nobody = Viewer::default();
        let way = self.go(person, None, &nobody).await;
        let done = self.come(&way, BROWSER, None, &nobody).await.unwrap();
        self.engine
            .viewer_by_session(done.session.reveal())
            .await
            .unwrap()
    }

    pub async fn identity_of(&self, user: UserId) -> Identity {
        let mut reader = self.engine.store().reader().await.unwrap();
        reader.identities(user).await.unwrap().pop().unwrap()
    }

    pub async fn synced(&self, user: UserId) -> Identity {
        until("the list read", async || {
            let identity = self.identity_of(user).await;
            (identity.sync != SyncState::Running).then_some(identity)
        })
        .await
    }

    pub async fn slugs(&self, seen_by: SeenBy, search: Option<&str>) -> Vec<String> {
        let filter = RepositoryFilter {
            seen_by,
            search: search.map(str::to_owned),
            ..Default::default()
        };
        let mut reader = self.engine.store().reader().await.unwrap();
        let found = reader.repositories(&filter, ALL).await.unwrap();
        let mut slugs: Vec<String> = found.items.iter().map(|row| row.slug.to_string()).collect();
        slugs.sort();
        slugs
    }

    /// The viewer with rights as they are now.
    pub async fn again(&self, viewer: &Viewer) -> Viewer {
        self.viewer_of(viewer.user.as_ref().unwrap()).await
    }
}

pub fn id_of(viewer: &Viewer) -> UserId {
    viewer.user.as_ref().unwrap().id
}
