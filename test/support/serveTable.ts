import { LocalDynamoDb } from '../../local/table.ts';

// Serves an empty table with the given name, prints the endpoint, and runs until SIGTERM.
const [tableName = 'keys'] = process.argv.slice(2);
const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
await database.ensureTable(tableName);
process.on('SIGTERM', () => void database.stop().then(() => process.exit(0)));
console.log(database.endpoint);
