import { connect } from '../../lib/cli/servers/connect.ts'
import { stateDirectory } from '../../lib/cli/state-directory.ts'
import { loadTopology, variablesOf } from '../../lib/cli/topology-file.ts'
import { startWorker } from '../../lib/index.ts'
import { createShadow } from '../../lib/replay/create-shadow.ts'
import { shadowApplication, shadowOf } from '../../lib/replay/shadow.ts'

/** `node shadow-process.ts FILE NAME`: makes a shadow and runs it to the end of its inputs. */
const [file = '', name = ''] = process.argv.slice(2)
const topology = await loadTopology(file)
const environment = await connect(variablesOf([topology]), 'replay', {})
try {
  await createShadow({ topology, application: topology.name, name, environment })
  const worker = await startWorker({
    topology: shadowOf(topology, name),
    application: shadowApplication(topology.name, name),
    environment,
    stateDir: stateDirectory(process.env),
    untilCaughtUp: true,
  })
  await worker.done
} finally {
  await environment.close()
}
