use super::*;
use serde_json::{Value, json};
use travis_model::{BuildId, CommitId, JobId, RepositoryId, RequestId, StageId};

fn request(id: i64, state: RequestState, reason: Option<&str>) -> Request {
    Request {
        id: RequestId(id),
        repository_id: RepositoryId(1),
        event_type: "push".to_owned(),
        state,
        reason: reason.map(str::to_owned),
        branch: None,
        sha: Some("a".to_owned()),
        tag: None,
        message: None,
        delivery: None,
        pull_request: None,
        sender: None,
        before_sha: None,
        compare_url: None,
        delivery_id: None,
        held_at: None,
        created_by: None,
        created_at: Timestamp(1),
        config: None,
    }
}

fn build(state: JobState) -> Build {
    Build {
        provisional: None,
        id: BuildId(9),
        repository_id: RepositoryId(1),
        request_id: RequestId(1),
        commit_id: CommitId(1),
        number: 7,
        state,
        previous_state: None,
        event_type: "push".to_owned(),
        branch: "main".to_owned(),
        tag: None,
        message: None,
        raw_config: None,
        imports: Vec::new(),
        config: Value::Null,
        messages: json!([]),
        fast_finish: false,
        pull_request: None,
        sender: None,
        before_sha: None,
        compare_url: None,
        created_by: None,
        created_at: Timestamp(0),
        started_at: Some(Timestamp(1_000)),
        finished_at: Some(Timestamp(129_000)),
        updated_at: Timestamp(0),
    }
}

fn job(state: JobState, allow_failure: bool) -> Job {
    Job {
        verification: travis_model::Verification::None,
        provisional: false,
        flaky: false,
        opinion_id: None,
        yielded_at: None,
        id: JobId(1),
        build_id: BuildId(9),
        repository_id: RepositoryId(1),
        stage_id: StageId(1),
        stage_number: 1,
        number: "7.1".to_owned(),
        position: 1,
        name: None,
        state,
        allow_failure,
        config: json!({}),
        cell: String::new(),
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        attempt_id: None,
        lost: 0,
        run: 0,
        reason: None,
        created_at: Timestamp(0),
        queued_at: None,
        received_at: None,
        started_at: None,
        finished_at: None,
        restarted_at: None,
        restarted_by: None,
        updated_at: Timestamp(0),
        version: 1,
    }
}

fn said(verdict: &Verdict) -> (&'static str, CheckState, &str) {
    (verdict.state.as_str(), verdict.check, &verdict.description)
}

#[test]
fn every_state_of_a_build_is_said() {
    use CheckState::{Completed, InProgress, Queued};
    use JobState as S;
    let request = request(1, RequestState::Accepted, None);
    let jobs = [
        job(S::Failed, false),
        job(S::Passed, false),
        job(S::Failed, true),
    ];
    let errored = [job(S::Errored, false)];
    for (state, jobs, expected) in [
        (
            S::Created,
            &jobs[..0],
            ("pending", Queued, "Build #7 waits for a worker"),
        ),
        (
            S::Queued,
            &jobs[..],
            ("pending", Queued, "Build #7 waits for a worker"),
        ),
        (
            S::Received,
            &jobs[..],
            ("pending", InProgress, "Build #7 is being prepared"),
        ),
        (
            S::Started,
            &jobs[..],
            ("pending", InProgress, "Build #7 runs"),
        ),
        (
            S::Passed,
            &jobs[..],
            (
                "success",
                Completed(Conclusion::Success),
                "Build #7 passed in 2 min 8 s",
            ),
        ),
        (
            S::Failed,
            &jobs[..],
            (
                "failure",
                Completed(Conclusion::Failure),
                "Build #7 failed in 2 min 8 s: 1 of 3 jobs failed",
            ),
        ),
        (
            S::Errored,
            &errored[..],
            (
                "error",
                Completed(Conclusion::Error),
                "Build #7 could not be run: the job errored",
            ),
        ),
        (
            S::Canceled,
            &jobs[..],
            (
                "error",
                Completed(Conclusion::Canceled),
                "Build #7 was canceled",
            ),
        ),
    ] {
        let build = build(state);
        let found = verdict(&Standing {
            request: &request,
            build: Some(&build),
            jobs,
        });
        assert_eq!(said(&found), expected);
        assert_eq!(found.completed_at.is_some(), state.is_finished());
    }
}

#[test]
fn a_request_without_a_build_says_why() {
    let of = |request: &Request| {
        let found = verdict(&Standing {
            request,
            build: None,
            jobs: &[],
        });
        (found.state, found.check, found.description)
    };
    let waiting = request(1, RequestState::Pending, None);
    assert_eq!(
        of(&waiting),
        (
            StatusState::Pending,
            CheckState::Queued,
            "Waits to be looked at".to_owned()
        )
    );
    let held = Request {
        held_at: Some(Timestamp(5)),
        ..waiting
    };
    assert_eq!(
        of(&held),
        (
            StatusState::Pending,
            CheckState::Completed(Conclusion::ActionRequired),
            "Waits for approval by a maintainer".to_owned()
        )
    );
    for (reason, fine) in [
        ("Build skipped via commit message", true),
        ("Branch excluded per configuration", true),
        ("Branch not included per configuration", true),
        ("Build type disabled via repository settings", true),
        ("Build config did not create any jobs", true),
        (
            "There is no .travis.yml at commit abc: add one and push it.",
            true,
        ),
        (
            "GitHub payload is missing a merge commit (please confirm the pull request is open and mergeable)",
            false,
        ),
        (
            "repository host cannot be reached: x; check the address and the network",
            false,
        ),
        // A forge's words can't make a commit count as fine.
        (
            "the forge does not allow this: Build skipped; ask an owner",
            false,
        ),
        ("anything else", false),
    ] {
        let (state, check, description) = of(&request(1, RequestState::Rejected, Some(reason)));
        let expected = match fine {
            true => (
                StatusState::Success,
                CheckState::Completed(Conclusion::Skipped),
            ),
            false => (StatusState::Error, CheckState::Completed(Conclusion::Error)),
        };
        assert_eq!((state, check), expected, "{reason}");
        assert!(description.ends_with(reason), "{description}");
    }
}

#[test]
fn a_demand_that_came_to_nothing_hides_no_result() {
    use RequestState::{Accepted, Pending, Rejected};
    let of = |states: &[RequestState]| {
        let rows: Vec<Request> = states
            .iter()
            .zip(1..)
            .map(|(state, id)| request(id, *state, None))
            .collect();
        let found = that_counts(&rows, |row| row.state == Accepted);
        found.map(|row| row.id.get())
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[Accepted, Rejected]), Some(1));
    assert_eq!(of(&[Accepted, Pending]), Some(2));
    assert_eq!(of(&[Accepted, Accepted, Rejected]), Some(2));
    assert_eq!(of(&[Rejected, Rejected]), Some(2));
}

#[test]
fn a_word_that_nobody_confirmed_is_told_as_pending() {
    let request = request(1, RequestState::Accepted, None);
    for (believed, word) in [(JobState::Passed, "passed"), (JobState::Failed, "failed")] {
        let unconfirmed = Build {
            provisional: Some(believed),
            ..build(JobState::Started)
        };
        let verdict = verdict(&Standing {
            request: &request,
            build: Some(&unconfirmed),
            jobs: &[],
        });
        assert_eq!(
            (verdict.state.as_str(), verdict.completed_at),
            ("pending", None)
        );
        let line = format!("Build #7 {word}; pending verification by a second worker");
        assert_eq!(verdict.description, line);
    }
}
