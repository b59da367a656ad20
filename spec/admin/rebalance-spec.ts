import { itShouldAnswerWhileTasksMove } from './moving-tasks.ts'
import { openShop } from './shop.ts'

describe('queries while tasks move, on the embedded log', function () {
  this.timeout(120_000)
  itShouldAnswerWhileTasksMove(() => openShop())
})
