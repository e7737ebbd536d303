import { startDynalite } from '../../support/engine.ts';
import { describeRotation } from './rotationContract.ts';
import { describeOn } from './storeContract.ts';

describeOn('dynalite', startDynalite, describeRotation);
