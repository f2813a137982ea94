/// Accuracy with and without attack: a row for each condition, a column for each network.
struct ResultsTable {
  let networks: [NetworkResults]

  var html: HTML {
    """
    <div class="wide" role="region" aria-label="Results" tabindex="0">
    <table class="results">
    <caption>Share of test images that are classified correctly, with 95\(NumberText.blank)% Wilson \
    intervals in per cent, counts, and the time that the attack took.</caption>
    <thead><tr><th scope="col">Condition</th>\(networks.enumerated().map(Self.heading))</tr></thead>
    <tbody>
    <tr><th scope="row">Clean <small>the whole test set</small></th>\
    \(networks.map { Self.cell($0.clean, seconds: nil) })</tr>
    \(conditions.map(row))
    <tr><th scope="row">Training <small>time</small></th>\(networks.map(Self.trainingTime))</tr>
    </tbody>
    </table>
    </div>
    """
  }

  /// The name of a column, in the network's colour of the charts.
  static func heading(_ index: Int, _ network: NetworkResults) -> HTML {
    """
    <th scope="col"><span class="swatch" style="background:\(Chart.color(of: index))"></span>\
    \(network.title)</th>
    """
  }

  private struct Condition: Equatable {
    let attack: String
    let epsilon: Double
  }

  /// Every attack that some network met, in their order.
  private var conditions: [Condition] {
    var conditions: [Condition] = []
    for score in networks.flatMap(\.attacks) {
      let condition = Condition(attack: score.attack, epsilon: score.epsilon)
      if !conditions.contains(condition) { conditions.append(condition) }
    }
    return conditions
  }

  private func row(_ condition: Condition) -> HTML {
    let cells = networks.map { network -> HTML in
      let score = network.attacks.first {
        $0.attack == condition.attack && $0.epsilon == condition.epsilon
      }
      return score.map { Self.cell($0.score, seconds: $0.seconds) } ?? "<td>not measured</td>"
    }
    return """
      <tr><th scope="row">\(condition.attack) <small>ε = \(NumberText.epsilon(condition.epsilon))\
      </small></th>\(cells)</tr>
      """
  }

  private static func cell(_ score: Score, seconds: Double?) -> HTML {
    let time = seconds.map { " · \(NumberText.seconds($0))" } ?? ""
    return """
      <td><strong>\(NumberText.percent(score.accuracy))</strong> \
      <span class="interval">(\(NumberText.interval(score)))</span>\
      <small>\(NumberText.count(score.correct)) of \(NumberText.count(score.total))\(time)</small></td>
      """
  }

  private static func trainingTime(_ network: NetworkResults) -> HTML {
    "<td>\(NumberText.seconds(network.trainingSeconds))</td>"
  }
}
