import { visitsByCountry } from '../../support/visits.ts'

/** What each thread of a run loads for itself. */
export default visitsByCountry('by-country', 4)
