travis_setup_language() {
  travis_setup_otp
  travis_show_otp
}
