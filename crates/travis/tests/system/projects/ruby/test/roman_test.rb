require "minitest/autorun"
require "roman"

class RomanTest < Minitest::Test
  def test_years
    assert_equal "MCMXCIV", Roman.write(1994)
    assert_equal "MMXXVI", Roman.write(2026)
  end
end
