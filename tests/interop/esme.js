// An ESME made with the npm package smpp: binds to the port given, submits, waits for receipts, leaves.
// Prints one JSON line for each thing that happens.
'use strict';
const smpp = require('smpp');

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const wanted = ['Bonjour, où êtes-vous ?', 'Coût : 3 € [reçu]', 'Noël 😀'];
let receipts = 0;

const session = smpp.connect({ url: `smpp://127.0.0.1:${process.argv[2]}` }, () => {
  session.bind_transceiver({ system_id: 'node', password: 'secret' }, (pdu) => {
    say({ event: 'bound', status: pdu.command_status, system_id: pdu.system_id, version: pdu.sc_interface_version });
    session.enquire_link((answer) => say({ event: 'enquire_link_resp', status: answer.command_status }));
    for (const text of wanted) {
      session.submit_sm(
        { source_addr: 'ECOLE', source_addr_ton: 5, destination_addr: '33660000000', short_message: text, registered_delivery: 1 },
        (answer) => say({ event: 'submit_sm_resp', status: answer.command_status, id: answer.message_id }),
      );
    }
    session.query_sm({ message_id: '1' }, (answer) => say({ event: 'query', command: answer.command, status: answer.command_status }));
  });
});
session.on('error', (error) => say({ event: 'error', message: error.message }));
session.on('deliver_sm', (pdu) => {
  say({
    event: 'deliver_sm', esm_class: pdu.esm_class, message: pdu.short_message.message,
    id: pdu.receipted_message_id, state: pdu.message_state, source: pdu.source_addr,
  });
  session.send(pdu.response());
  if (++receipts === wanted.length) {
    session.unbind((answer) => { say({ event: 'unbind_resp', status: answer.command_status }); session.close(); });
  }
});
