// The stand-in broker where mosquitto is missing: aedes on Node, in memory, for demos and tests.
// Called as: node aedes_broker.mjs <folder that holds node_modules> <host> <port>
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";

const [folder, host, port] = process.argv.slice(2);
const aedes = createRequire(join(folder, "package.json"))("aedes");
// Version 1 has a broker that must be awaited; before, the constructor was enough.
const broker = aedes.Aedes.createBroker ? await aedes.Aedes.createBroker() : new aedes.Aedes();
// Without noDelay each exchange waits 44 ms for a delayed acknowledgement.
const server = createServer({ noDelay: true }, broker.handle);

server.on("error", (fault) => {
  console.error(fault.message);
  process.exit(1);
});
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => broker.close(() => process.exit(0)));
}
server.listen(Number(port), host);
