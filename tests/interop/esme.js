// An ESME made with the npm package smpp: binds to the port given, submits, waits for receipts and for what a telephone
// writes, asks after a message, cancels another, leaves. With a second argument, the certificate of an authority, it
// speaks TLS. Prints one JSON line for each thing that happens.
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const [port, ca] = process.argv.slice(2);
const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const wanted = ['Bonjour, où êtes-vous ?', 'Coût : 3 € [reçu]', 'Noël 😀'];
const long = "L'élève Zoë n'a pas été vue ce matin : merci d'appeler le collège. ".replace('ë', 'e').repeat(4);
const parts = [long.slice(0, 153), long.slice(153)].map(
  (message, place) => ({ udh: Buffer.from([5, 0, 3, 77, 2, place + 1]), message }),
);
const addresses = { source_addr: 'ECOLE', source_addr_ton: 5, destination_addr: '33660000000' };
let receipts = 0;
let incoming = 0;
let asked = 0;

const where = ca ? { url: `ssmpp://localhost:${port}`, ca: fs.readFileSync(ca) } : { url: `smpp://127.0.0.1:${port}` };
const session = smpp.connect(where, () => {
  session.bind_transceiver({ system_id: 'node', password: 'secret' }, (pdu) => {
    say({ event: 'bound', status: pdu.command_status, system_id: pdu.system_id, version: pdu.sc_interface_version });
    session.enquire_link((answer) => say({ event: 'enquire_link_resp', status: answer.command_status }));
    for (const text of [...wanted, ...parts]) {
      session.submit_sm(
        { ...addresses, short_message: text, esm_class: text.udh ? 0x40 : 0, registered_delivery: 1 },
        (answer) => say({ event: 'submit_sm_resp', status: answer.command_status, id: answer.message_id }),
      );
    }
    session.query_sm({ message_id: '1' }, (answer) => {
      say({ event: 'query', command: answer.command, status: answer.command_status });
    });
  });
});
const leave = () => {
  if (receipts < wanted.length + parts.length || incoming < 1 || asked < 2) return;
  session.unbind((answer) => { say({ event: 'unbind_resp', status: answer.command_status }); session.close(); });
};
session.on('error', (error) => say({ event: 'error', message: error.message }));
session.on('deliver_sm', (pdu) => {
  say({
    event: pdu.esm_class === 4 ? 'deliver_sm' : 'incoming', esm_class: pdu.esm_class, message: pdu.short_message.message,
    id: pdu.receipted_message_id, state: pdu.message_state, source: pdu.source_addr,
  });
  session.send(pdu.response());
  if (pdu.esm_class !== 4) incoming += 1;
  else if (++receipts === 1) {
    const message = { message_id: pdu.receipted_message_id };
    session.query_sm(message, (answer) => {
      say({ event: 'queried', status: answer.command_status, state: answer.message_state, id: answer.message_id });
      asked += 1;
      leave();
    });
    session.cancel_sm(message, (answer) => { say({ event: 'cancelled', status: answer.command_status }); asked += 1; leave(); });
  }
  leave();
});
