import { specEnvironment } from '../support/environment.ts'
import { itShouldAnswerWhileTasksMove } from './moving-tasks.ts'
import { openShop } from './shop.ts'

describe('queries while tasks move, on Kafka', function () {
  this.timeout(240_000)
  itShouldAnswerWhileTasksMove(() => openShop(specEnvironment().broker))
})
