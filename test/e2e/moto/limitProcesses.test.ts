import { describeLimitProcesses } from '../../integration/store/limitProcessesContract.ts';
import { startSerialMoto } from '../../support/serialMoto.ts';

describeLimitProcesses('moto', startSerialMoto);
