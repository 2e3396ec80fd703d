use super::*;
use clap::CommandFactory as _;

#[test]
fn the_definitions_fit_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_examples() {
    fn check(command: &clap::Command) {
        let help = command.get_after_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        assert!(
            help.contains("Examples:"),
            "{} has none",
            command.get_name()
        );
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}

#[test]
fn secrets_are_no_flags() {
    for line in [
        &["travis", "login", "--endpoint", "http://a", "--token", "x"][..],
        &["travis", "env", "set", "a/b", "KEY", "--value", "x"],
    ] {
        assert!(Cli::try_parse_from(line).is_err());
    }
}

#[test]
fn up_has_its_defaults() {
    let Command::Up(args) = Cli::try_parse_from(["travis", "up"]).unwrap().command else {
        panic!("not up");
    };
    insta::assert_debug_snapshot!(args);
}
