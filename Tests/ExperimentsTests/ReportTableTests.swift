import Foundation
import Testing

@testable import Experiments

@Suite struct ReportTableTests {
  /// Every number in its place: catches a network's numbers in the other's column, and a percentage
  /// that was rounded from another.
  @Test func resultsStandInTheirCells() throws {
    let rows = Self.rows(ResultsTable(networks: try ReportSamples.pair().networks).html)
    #expect(
      rows == [
        ["Condition", "Plain", "Deflated"],
        [
          "Clean the whole test set", "89.2 % (88.6–89.8)8,921 of 10,000",
          "87.5 % (86.9–88.2)8,754 of 10,000",
        ],
        [
          "FGSM ε = 8/255", "23.7 % (21.2–26.4)237 of 1,000 · 3.2 s",
          "35.6 % (32.7–38.6)356 of 1,000 · 3.2 s",
        ],
        [
          "PGD-10 ε = 8/255", "1.2 % (0.7–2.1)12 of 1,000 · 31.5 s",
          "10.4 % (8.7–12.4)104 of 1,000 · 31.5 s",
        ],
        ["Training time", "95.2 s", "95.2 s"],
      ])
  }

  @Test func anAttackThatOnlyOneNetworkMetIsSaidSo() throws {
    let networks = try ReportSamples.pair().networks
    let uneven = [networks[0].attacked([networks[0].attacks[0]]), networks[1]]
    let rows = Self.rows(ResultsTable(networks: uneven).html)
    #expect(rows[3][1] == "not measured")
    #expect(rows[3][2].hasPrefix("10.4 %"))
  }

  @Test func everyHeaderHasAScope() throws {
    let results = try ReportSamples.pair()
    for table in [
      ResultsTable(networks: results.networks).html,
      try SettingsTable(networks: results.networks).html(), FactsTable(results: results).html,
    ] {
      let headers = table.text.matches(of: /<th[ >][^>]*/).map { String($0.output) }
      #expect(headers.count > 3)
      #expect(headers.allSatisfy { $0.contains("scope=\"col\"") || $0.contains("scope=\"row\"") })
      #expect(table.text.contains("<caption>"))
    }
  }

  /// All options of both recipes, nested ones and 64-bit seeds too; what differs first and marked.
  @Test func settingsAreComplete() throws {
    let networks = [
      try ReportSamples.network("a", "A", seed: .max, clean: 1, fgsm: 1, pgd: 1),
      try ReportSamples.network("b", "B", deflation: .svd, seed: .max, clean: 1, fgsm: 1, pgd: 1),
    ]
    let html = try SettingsTable(networks: networks).html()
    let rows = Self.rows(html)
    #expect(rows[1] == ["training.deflation", "none", "svd"])
    #expect(html.text.components(separatedBy: "<mark>").count == 3)
    for row in [
      ["training.seed", "18446744073709551615"], ["training.learningRate", "0.1"],
      ["training.weightDecay", "0.0005"], ["training.flips", "yes"],
      ["training.cropPadding", "2"], ["network.model", "vgg5"], ["network.neuron.tau", "1.1"],
      ["network.neuron.decaysInput", "no"], ["network.neuron.threshold", "1"],
    ] {
      #expect(rows.contains(row), "\(row)")
    }
    for (label, value) in Mirror(reflecting: TrainingRecipe()).children {
      // An option that is nil everywhere has no row.
      if case Optional<Any>.none = value as Any? { continue }
      let mirror = Mirror(reflecting: value)
      if mirror.displayStyle == .optional, mirror.children.isEmpty { continue }
      let name = "training.\(label!)"
      #expect(rows.contains { $0[0] == name || $0[0].hasPrefix(name + ".") }, "\(name)")
    }
  }

  /// An option that is nil in one network is no missing cell.
  @Test func absentOptionsAreNone() throws {
    var manifest = try ReportSamples.manifest(.none, seed: 0)
    manifest.training.cropPadding = nil
    let sample = try ReportSamples.network("a", "A", clean: 1, fgsm: 1, pgd: 1)
    let rows = Self.rows(
      try SettingsTable(networks: [sample, sample.with(manifest)]).html())
    #expect(rows.contains(["training.cropPadding", "2", "none"]))
  }

  @Test func factsNameOriginAndData() throws {
    let rows = Self.rows(FactsTable(results: try ReportSamples.pair()).html)
    for row in [
      ["Spikeguard", "0.1.0"], ["LibTorch", "LibTorch 2.11.0"], ["Processor", "Quiet Processor 9"],
      ["Whole run", "5 min 12 s"], ["Images attacked for the table", "1,000"],
      ["Deflated: training data", "Fashion-MNIST, train split, 60,000 images, CRC-32 c0ffee42"],
      ["Test data", "Fashion-MNIST, test split, 10,000 images, CRC-32 7e57da7a"],
      ["Attack", "FGSM, ε 8/255, seed 5"],
      ["Attack", "PGD-10, ε 8/255, steps of 2/255 from a random start, seed 5"],
      ["Plain: seed", "7"],
    ] {
      #expect(rows.contains(row), "\(row)")
    }
  }

  /// The text of each cell of each row.
  static func rows(_ table: HTML) -> [[String]] {
    table.text.matches(of: /<tr>(.*?)<\/tr>/.dotMatchesNewlines()).map { row in
      row.output.1.matches(of: /<t[hd][^>]*>(.*?)<\/t[hd]>/.dotMatchesNewlines()).map { cell in
        plain(String(cell.output.1)).replacing(/<[^>]*>/, with: "")
          .trimmingCharacters(in: .whitespaces)
      }
    }
  }
}
