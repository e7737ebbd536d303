import { startMoto } from '../../support/engine.ts';
import { describeChanges } from '../../integration/store/changesContract.ts';
import { describeImport } from '../../integration/store/importContract.ts';
import { describeKeyLimits } from '../../integration/store/keyLimitsContract.ts';
import { describeRevocation } from '../../integration/store/revocationContract.ts';
import { describeRotation } from '../../integration/store/rotationContract.ts';
import { describeOn, describeStore } from '../../integration/store/storeContract.ts';

describeStore('moto', startMoto);
describeOn('moto', startMoto, describeRevocation, describeChanges, describeRotation, describeKeyLimits, describeImport);
