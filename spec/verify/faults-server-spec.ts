import { isFull } from '../replay/size.ts'
import { namesAndMends } from './faults/faults.ts'
import { realFaults } from './faults/stage.ts'

namesAndMends('on real servers', realFaults, isFull() ? 100_000 : 300)
