import Foundation
import Testing

@testable import Experiments

@Suite struct ReportChartTests {
  let networks: [NetworkResults]
  init() throws { networks = try ReportSamples.pair().networks }

  private var all: [Chart] {
    TrainingCharts(networks: networks).charts + SweepCharts(networks: networks).charts
      + SpectrumCharts(networks: networks).charts
  }

  @Test func everySpecificationIsResponsiveVegaLite6() throws {
    #expect(
      all.map(\.id) == [
        "loss", "accuracy", "spike-rate", "sweep-1", "spectrum-1", "spectrum-2", "spectrum-3",
      ])
    for chart in all {
      let spec = try chart.object()
      #expect(spec["$schema"] as? String == "https://vega.github.io/schema/vega-lite/v6.json")
      #expect(spec["width"] as? String == "container")
      #expect(spec["description"] as? String == chart.label)
      #expect(chart.figure.text.contains("id=\"\(chart.id)\""))
      #expect(chart.figure.text.contains("aria-label=\"\(chart.label)\""))
    }
  }

  /// A misspelt field draws an empty chart without an error: every encoded field is in every row.
  @Test func everyEncodedFieldIsInTheData() throws {
    for chart in all {
      let rows = try chart.rows()
      let fields = try fields(in: chart.object().filter { $0.key != "data" })
      #expect(fields.count >= 3 && !rows.isEmpty)
      for field in fields { #expect(rows.allSatisfy { $0[field] != nil }, "\(chart.id): \(field)") }
    }
  }

  /// Colours follow the networks' order, not the alphabet, in all charts.
  @Test func networksKeepTheirColours() throws {
    for chart in all {
      let encoding = try #require(try chart.object()["encoding"] as? [String: Any])
      let color = try #require(encoding["color"] as? [String: Any])
      let scale = try #require(color["scale"] as? [String: [String]])
      #expect(scale["domain"] == ["Plain", "Deflated"])
      #expect(scale["range"] == Array(Chart.colors.prefix(2)))
    }
  }

  @Test func curvesHoldEveryPoint() throws {
    let values: [KeyPath<CurvePoint, Double>] = [\.loss, \.accuracy, \.spikeRate]
    for (chart, value) in zip(TrainingCharts(networks: networks).charts, values) {
      let rows = try chart.rows()
      #expect(rows.count == 80)
      for (place, network) in networks.enumerated() {
        let mine = rows[place * 40..<place * 40 + 40]
        #expect(mine.allSatisfy { $0["network"] as? String == network.title })
        #expect(mine.compactMap { $0["step"] as? Double } == network.curve.map { Double($0.step) })
        #expect(
          mine.compactMap { $0["value"] as? Double } == network.curve.map { $0[keyPath: value] })
      }
    }
  }

  @Test func sweepHoldsEveryScoreWithItsInterval() throws {
    let chart = try #require(SweepCharts(networks: networks).charts.first)
    let rows = try chart.rows()
    #expect(rows.count == 12)
    #expect(rows.prefix(6).compactMap { $0["epsilon255"] as? Double } == [0, 1, 2, 4, 8, 16])
    for (row, point) in zip(rows, networks.flatMap(\.sweep)) {
      #expect(row["accuracy"] as? Double == point.score.accuracy)
      #expect(row["low"] as? Double == point.score.low)
      #expect(row["high"] as? Double == point.score.high)
      #expect(row["correct"] as? Double == Double(point.score.correct))
    }
    let layers = try #require(try chart.object()["layer"] as? [[String: Any]])
    let bars = try #require(
      layers.first { ($0["mark"] as? [String: Any])?["type"] as? String == "errorbar" })
    let encoding = try #require(bars["encoding"] as? [String: [String: Any]])
    #expect(encoding["y"]?["field"] as? String == "low")
    #expect(encoding["y2"]?["field"] as? String == "high")
  }

  /// Accuracies of two attacks on one line would be nonsense.
  @Test func eachSweptAttackHasAChart() throws {
    let more =
      networks[0].sweep + [
        AttackScore(
          attack: "FGSM", epsilon: 0.5, score: Score(correct: 1, total: 2), seconds: 1)
      ]
    let charts = SweepCharts(networks: [networks[0].swept(more)]).charts
    #expect(charts.map(\.title) == ["Accuracy under PGD-10", "Accuracy under FGSM"])
    #expect(try charts.map { try $0.rows().count } == [6, 1])
  }

  /// Ranks start at 1 for both gradients; what is rounding stays out of a logarithmic axis.
  @Test func spectraHoldEverySingularValue() throws {
    let charts = SpectrumCharts(networks: networks).charts
    #expect(charts.map(\.title) == ["layer1.0.weight", "layer2.0.weight", "classifier.1.weight"])
    let rows = try charts[0].rows().filter { $0["network"] as? String == "Deflated" }
    let before = rows.filter { $0["gradient"] as? String == "before" }
    let after = rows.filter { $0["gradient"] as? String == "after" }
    let spectrum = networks[1].spectra[0]
    #expect(before.compactMap { $0["value"] as? Double } == spectrum.before)
    #expect(after.compactMap { $0["value"] as? Double } == spectrum.after.dropLast())
    #expect(after.compactMap { $0["rank"] as? Double } == (1...8).map(Double.init))
    let encoding = try #require(try charts[0].object()["encoding"] as? [String: [String: Any]])
    #expect((encoding["x"]?["scale"] as? [String: Any])?["type"] as? String == "log")
    #expect((encoding["y"]?["scale"] as? [String: Any])?["type"] as? String == "log")
    let ticks = (encoding["y"]?["axis"] as? [String: Any])?["values"] as? [Double]
    #expect(ticks == [0.001, 0.01, 0.1, 1])
  }

  /// A gradient of zeros has no place on a logarithmic axis, and is no reason to stop.
  @Test func spectrumOfZerosIsEmpty() throws {
    let zero = LayerSpectrum(layer: "l", before: [0, 0], after: [0, 0])
    let charts = SpectrumCharts(networks: [networks[0].spectra([zero])]).charts
    #expect(try charts.map { try $0.rows().count } == [0])
  }

  private func fields(in node: Any) -> Set<String> {
    switch node {
    case let members as [String: Any]:
      members.reduce(into: []) { found, member in
        if member.key == "field", let name = member.value as? String { found.insert(name) }
        found.formUnion(fields(in: member.value))
      }
    case let items as [Any]: items.reduce(into: []) { $0.formUnion(fields(in: $1)) }
    default: []
    }
  }
}

extension Chart {
  /// As a browser reads it: through the text, by a decoder that keeps every digit (JSONSerialization
  /// changes the last one).
  fileprivate func object() throws -> [String: Any] {
    let data = Data(try specification.inlineJSON().text.utf8)
    return try #require(try JSONDecoder().decode(Decoded.self, from: data).value as? [String: Any])
  }

  fileprivate func rows() throws -> [[String: Any]] {
    let data = try #require(try object()["data"] as? [String: Any])
    return try (data["values"] as? [Any] ?? []).map { try #require($0 as? [String: Any]) }
  }
}

private struct Decoded: Decodable {
  let value: Any

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let members = try? container.decode([String: Decoded].self) {
      value = members.mapValues(\.value)
    } else if let items = try? container.decode([Decoded].self) {
      value = items.map(\.value)
    } else if let flag = try? container.decode(Bool.self) {
      value = flag
    } else if let number = try? container.decode(Double.self) {
      value = number
    } else if let text = try? container.decode(String.self) {
      value = text
    } else {
      value = NSNull()
    }
  }
}
