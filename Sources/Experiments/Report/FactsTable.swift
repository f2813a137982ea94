import Datasets

/// Where the numbers come from: versions, machine, time, data.
struct FactsTable {
  let results: QuickstartResults

  var html: HTML {
    let machine = results.machine
    let facts: [(String, String)] =
      [
        ("Spikeguard", results.spikeguard),
        ("LibTorch", results.engine),
        ("Created", results.created),
        ("Whole run", NumberText.seconds(results.seconds)),
        ("Processor", machine.processor),
        ("Vector instructions", machine.instructions),
        ("Threads", "\(machine.threads)"),
        ("System", machine.system),
        ("Images attacked for the table", NumberText.count(results.attackedImages)),
        ("Images attacked for each ε of the sweep", NumberText.count(results.sweptImages)),
        ("Test data", Self.text(results.testData)),
      ] + attacks + results.networks.flatMap(Self.facts)
    return """
      <div class="wide" role="region" aria-label="Versions, machine and data" tabindex="0">
      <table class="facts">
      <caption>How these numbers came about.</caption>
      <thead><tr><th scope="col">Fact</th><th scope="col">Value</th></tr></thead>
      <tbody>
      \(facts.map { "<tr><th scope=\"row\">\($0)</th><td>\($1)</td></tr>" as HTML })
      </tbody>
      </table>
      </div>
      """
  }

  /// Both networks meet the same attacks; each draws its random numbers anew from the seed.
  private var attacks: [(String, String)] {
    guard let network = results.networks.first else { return [] }
    let rows = [("Attack", network.attacks), ("Attack of the sweep", network.sweep)]
    return rows.flatMap { name, scores in
      scores.map { (name, "\($0.settings), seed \($0.seed)") }
    }
  }

  private static func text(_ data: DatasetFacts) -> String {
    "\(data.name), \(data.split.rawValue) split, \(NumberText.count(data.count)) images, "
      + "CRC-32 \(data.crc32)"
  }

  private static func facts(_ network: NetworkResults) -> [(String, String)] {
    [
      ("\(network.title): training data", text(network.manifest.dataset)),
      ("\(network.title): seed", "\(network.manifest.training.seed)"),
      ("\(network.title): training time", NumberText.seconds(network.trainingSeconds)),
    ]
  }
}
