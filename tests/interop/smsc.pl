# An SMSC made with Debian's libnet-smpp-perl: takes one client, answers each submit and delivers its receipt.
# Prints one JSON line for each thing that happens; ends when the client has left.
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;

$| = 1;
local $SIG{__WARN__} = sub { };    # the module tells of parameters that it does not know
my $json = JSON::PP->new->canonical->ascii;
sub say_it { print $json->encode({@_}), "\n" }

my $server = Net::SMPP->new_listen('127.0.0.1', port => 0) or die "cannot listen: $!";
say_it(event => 'listening', port => $server->sockport);
my $smpp = $server->accept or die "nobody came: $!";
my $count = 0;

sub deliver {
    my ($asked, $id) = @_;
    my $words = "id:$id sub:001 dlvrd:001 submit date:2611220830 done date:2611220831 stat:DELIVRD err:000 text:Bonjour";
    $smpp->deliver_sm(
        async => 1, source_addr_ton => 1, source_addr_npi => 1, source_addr => $asked->{destination_addr},
        dest_addr_ton => 5, dest_addr_npi => 0, destination_addr => $asked->{source_addr},
        esm_class => 4, short_message => $words, receipted_message_id => "$id\0", message_state => "\x02",
    );
}

my %on = (
    0x09 => sub {
        say_it(event => 'bind', map { $_ => $_[0]{$_} } qw(system_id password interface_version));
        $smpp->bind_transceiver_resp(system_id => 'perl', seq => $_[0]{seq});
        $smpp->enquire_link(async => 1);
    },
    0x04 => sub {
        my $id = sprintf '%010d', ++$count;
        my @kept = qw(source_addr source_addr_ton destination_addr data_coding esm_class validity_period);
        say_it(event => 'submit_sm', message => unpack('H*', $_[0]{short_message}), map { $_ => $_[0]{$_} } @kept);
        $smpp->submit_sm_resp(message_id => $id, seq => $_[0]{seq});
        deliver($_[0], $id);
    },
    0x15 => sub { say_it(event => 'enquire_link'); $smpp->enquire_link_resp(seq => $_[0]{seq}) },
    0x06 => sub { say_it(event => 'unbind'); $smpp->unbind_resp(seq => $_[0]{seq}) },
    0x80000015 => sub { say_it(event => 'enquire_link_resp', status => $_[0]{status}) },
    0x80000005 => sub { say_it(event => 'deliver_sm_resp', status => $_[0]{status}) },
);
while (my $pdu = $smpp->read_pdu) {
    my $act = $on{ $pdu->{cmd} };
    $act ? $act->($pdu) : say_it(event => 'strange', command => $pdu->{cmd});
}
say_it(event => 'end');
