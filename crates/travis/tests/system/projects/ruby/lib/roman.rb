# Numbers as the Romans wrote them.
module Roman
  SIGNS = {
    1000 => "M", 900 => "CM", 500 => "D", 400 => "CD", 100 => "C", 90 => "XC",
    50 => "L", 40 => "XL", 10 => "X", 9 => "IX", 5 => "V", 4 => "IV", 1 => "I"
  }.freeze

  def self.write(number)
    SIGNS.reduce("") do |text, (value, sign)|
      count, number = number.divmod(value)
      text + sign * count
    end
  end
end
