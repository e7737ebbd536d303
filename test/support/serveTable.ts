import { LocalDynamoDb } from '../../local/table.ts';

/** Serves an empty table of the name that is given, prints the endpoint, and runs until a signal. */
const [tableName = 'keys'] = process.argv.slice(2);
const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
await database.ensureTable(tableName);
process.on('SIGTERM', () => void database.stop().then(() => process.exit(0)));
console.log(database.endpoint);
