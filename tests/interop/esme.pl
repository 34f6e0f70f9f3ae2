# An ESME made with Debian's libnet-smpp-perl: binds to the port given, submits, waits for receipts, leaves.
# Prints one JSON line for each thing that happens.
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;

$| = 1;
my $json = JSON::PP->new->canonical->ascii;
sub say_it { print $json->encode({@_}), "\n" }

my ($port, $system_id, $password) = @ARGV;
my ($smpp, $bound) = Net::SMPP->new_transceiver(
    '127.0.0.1', port => $port, system_id => $system_id // 'perl', password => $password // 'secret'
) or die "cannot connect: $!";
say_it(event => 'bound', status => $bound->{status}, system_id => $bound->{system_id});

my @texts = ("O\x06 est l'\x05l\x04ve ?", "\x1b<3 \x1be\x1b>", 'De Perl');    # octets of GSM 03.38
for my $text (@texts) {
    $smpp->submit_sm(
        async => 1, source_addr_ton => 5, source_addr_npi => 0, source_addr => 'ECOLE',
        dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => '33660000000',
        registered_delivery => 1, short_message => $text,
    );
}
for (my ($answers, $receipts) = (0, 0) ; $answers < @texts || $receipts < @texts ;) {
    my $pdu = $smpp->read_pdu or die 'the connection ended';
    if ($pdu->{cmd} == 0x80000004) {
        $answers++;
        say_it(event => 'submit_sm_resp', status => $pdu->{status}, id => $pdu->{message_id});
    }
    next unless $pdu->{cmd} == 0x05;
    $receipts++;
    my $id = $pdu->{receipted_message_id} // '';
    $id =~ s/\0$//;
    my $state = unpack 'C', $pdu->{message_state} // "\0";
    say_it(
        event => 'deliver_sm', esm_class => $pdu->{esm_class}, message => $pdu->{short_message},
        id => $id, state => $state
    );
    $smpp->deliver_sm_resp(message_id => '', seq => $pdu->{seq});
}
my $left = $smpp->unbind;
say_it(event => 'unbind_resp', status => $left->{status});
