// An SMSC made with the npm package smpp; with a certificate and its key as arguments it speaks TLS. Prints one JSON
// line for each thing that happens; ends with its input.
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const [cert, key] = process.argv.slice(2).map((file) => fs.readFileSync(file));
let count = 0;

function deliver(session, asked, id) {
  const words = `id:${id} sub:001 dlvrd:001 submit date:2611220830 done date:2611220831 stat:DELIVRD err:000 text:Bonjour`;
  session.deliver_sm({
    source_addr_ton: 1, source_addr_npi: 1, source_addr: asked.destination_addr,
    dest_addr_ton: 5, dest_addr_npi: 0, destination_addr: asked.source_addr,
    esm_class: 4, short_message: words, receipted_message_id: String(id), message_state: 2,
  }, (answer) => say({ event: 'deliver_sm_resp', status: answer.command_status, id: answer.message_id }));
}

const server = smpp.createServer({ cert, key }, (session) => {
  session.on('error', (error) => say({ event: 'error', message: error.message }));
  session.on('bind_transceiver', (pdu) => {
    say({ event: 'bind', system_id: pdu.system_id, password: pdu.password, version: pdu.interface_version });
    session.send(pdu.response({ system_id: 'node' }));
    session.enquire_link((answer) => say({ event: 'enquire_link_resp', status: answer.command_status }));
  });
  session.on('enquire_link', (pdu) => { say({ event: 'enquire_link' }); session.send(pdu.response()); });
  session.on('submit_sm', (pdu) => {
    const id = String(++count);
    say({
      event: 'submit_sm', source: pdu.source_addr, source_ton: pdu.source_addr_ton, to: pdu.destination_addr,
      message: pdu.short_message.message, udh: (pdu.short_message.udh || []).map((each) => each.toString('hex')),
      data_coding: pdu.data_coding, esm_class: pdu.esm_class, registered: pdu.registered_delivery,
      validity: pdu.validity_period, schedule: pdu.schedule_delivery_time, subunit: pdu.dest_addr_subunit,
      payload: pdu.message_payload && pdu.message_payload.message,
      sar: [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
      fault: pdu.command_status,
    });
    session.send(pdu.response({ message_id: id }));
    deliver(session, pdu, id);
  });
  session.on('unbind', (pdu) => { say({ event: 'unbind' }); session.send(pdu.response()); });
});
server.listen(0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
process.stdin.on('end', () => process.exit(0)).resume();
