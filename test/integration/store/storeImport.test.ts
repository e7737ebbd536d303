import { startDynalite } from '../../support/engine.ts';
import { describeImport } from './importContract.ts';
import { describeOn } from './storeContract.ts';

describeOn('dynalite', startDynalite, describeImport);
