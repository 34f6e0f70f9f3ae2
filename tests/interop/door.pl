# An ESME made with Debian's libnet-smpp-perl, at the gateway's door: a long text with headers, one as payload; waits
# for the receipts, leaves. Prints one JSON line for each thing that happens.
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;

$| = 1;
my $json = JSON::PP->new->canonical->ascii;
sub say_it { print $json->encode({@_}), "\n" }

my ($port, $system_id, $password, $text) = @ARGV;
my ($smpp, $bound) = Net::SMPP->new_transceiver(
    '127.0.0.1', port => $port, system_id => $system_id, password => $password
) or die "cannot connect: $!";
say_it(event => 'bound', status => $bound->{status}, system_id => $bound->{system_id});

my %common = (
    async => 1, source_addr_ton => 5, source_addr_npi => 0, source_addr => 'LYCCURIE',
    dest_addr_ton => 1, dest_addr_npi => 1, registered_delivery => 1,
);
my @halves = (substr($text, 0, 150), substr($text, 150));
for my $place (0, 1) {
    $smpp->submit_sm(
        %common, destination_addr => '33612345601', esm_class => 0x40,
        short_message => pack('C6', 5, 0, 3, 9, 2, $place + 1) . $halves[$place],
    );
}
$smpp->submit_sm(%common, destination_addr => '33612345602', short_message => '', message_payload => $text);
for (my ($answers, $receipts) = (0, 0) ; $answers < 3 || $receipts < 3 ;) {
    my $pdu = $smpp->read_pdu or die 'the connection ended';
    if ($pdu->{cmd} == 0x80000004) {
        $answers++;
        say_it(event => 'submit_sm_resp', status => $pdu->{status}, id => $pdu->{message_id});
    }
    next unless $pdu->{cmd} == 0x05;
    $receipts++;
    my $id = $pdu->{receipted_message_id} // '';
    $id =~ s/\0$//;
    say_it(event => 'deliver_sm', id => $id, state => unpack('C', $pdu->{message_state} // "\0"));
    $smpp->deliver_sm_resp(message_id => '', seq => $pdu->{seq});
}
my $left = $smpp->unbind;
say_it(event => 'unbind_resp', status => $left->{status});
