import { isFull } from '../replay/size.ts'
import { namesAndMends } from './faults/faults.ts'
import { embeddedFaults } from './faults/stage.ts'

namesAndMends('embedded', embeddedFaults, isFull() ? 100_000 : 300)
