package Roman;

use strict;
use warnings;

our $VERSION = '1.0';

my @signs = (
    [ 1000, 'M' ], [ 900, 'CM' ], [ 500, 'D' ], [ 400, 'CD' ], [ 100, 'C' ], [ 90, 'XC' ],
    [ 50,   'L' ], [ 40,  'XL' ], [ 10,  'X' ], [ 9,   'IX' ], [ 5,   'V' ], [ 4,  'IV' ],
    [ 1,    'I' ],
);

sub write {
    my ($number) = @_;
    my $text = '';
    for my $pair (@signs) {
        my ( $value, $sign ) = @$pair;
        $text .= $sign x int( $number / $value );
        $number %= $value;
    }
    return $text;
}

1;
