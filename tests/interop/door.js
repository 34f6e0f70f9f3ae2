// An ESME made with the npm package smpp, at the gateway's door: a long text with headers, one as payload, a query,
// a cancellation; waits for the receipts, leaves. Prints one JSON line for each thing that happens.
'use strict';
const smpp = require('smpp');

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const [port, system_id, password, text] = process.argv.slice(2);
const halves = [text.slice(0, 150), text.slice(150)];
const common = { source_addr: 'LYCCURIE', source_addr_ton: 5, dest_addr_ton: 1, registered_delivery: 1 };
let receipts = 0;

const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` }, () => {
  session.bind_transceiver({ system_id, password, interface_version: 0x34 }, (bound) => {
    say({ event: 'bound', status: bound.command_status, version: bound.sc_interface_version });
    halves.forEach((message, place) => {
      const udh = Buffer.from([5, 0, 3, 9, 2, place + 1]);
      session.submit_sm({ ...common, destination_addr: '33612345601', short_message: { udh, message } }, answered);
    });
    session.submit_sm(
      { ...common, destination_addr: '33612345602', short_message: '', message_payload: { message: text } }, answered,
    );
    session.submit_sm({ ...common, destination_addr: '0', short_message: 'x' }, (answer) => {
      say({ event: 'refused', status: answer.command_status });
    });
  });
});

function answered(answer) {
  say({ event: 'submit_sm_resp', status: answer.command_status, id: answer.message_id });
  session.query_sm({ message_id: answer.message_id }, (found) => {
    say({ event: 'query_sm_resp', status: found.command_status, id: found.message_id, state: found.message_state });
  });
}

session.on('error', (error) => say({ event: 'error', message: error.message }));
session.on('deliver_sm', (pdu) => {
  say({ event: 'deliver_sm', id: pdu.receipted_message_id, state: pdu.message_state, source: pdu.source_addr });
  session.send(pdu.response());
  if (++receipts === 3) {
    session.unbind((answer) => { say({ event: 'unbind_resp', status: answer.command_status }); session.close(); });
  }
});
