import Foundation
import Models
import TestSupport
import Testing
import Torch

@testable import Experiments

@Suite struct WeightNamingTests {
  private static let vgg5 = [
    "layer1.0.weight": "features.0.weight", "layer1.0.bias": "features.0.bias",
    "layer1.1.running_mean": "features.1.running_mean",
    "layer2.0.weight": "features.4.weight", "layer2.1.weight": "features.5.weight",
    "layer2.4.weight": "features.7.weight", "layer2.5.running_var": "features.8.running_var",
    "layer2.5.num_batches_tracked": "features.8.num_batches_tracked",
    "classifier.1.weight": "classifier.0.weight", "classifier.1.bias": "classifier.0.bias",
  ]

  private func names(_ model: String) throws -> WeightNames {
    try #require(WeightNames.catalogue.first { $0.model == model }?.names)
  }

  @Test func `VGG's names by hand`() throws {
    let names = try names("vgg5")
    for (ours, theirs) in Self.vgg5 {
      #expect(names.renamed(ours, from: .release, to: .spikingjelly) == theirs)
      #expect(names.renamed(theirs, from: .spikingjelly, to: .release) == ours)
      #expect(names.renamed(ours, from: .release, to: .release) == ours)
    }
  }

  /// Of its stock networks, whose head differs: the convolutions' part.
  private static let stock = Result {
    let file = Fixture.path("state-dicts/spikingjelly-names.json")
    return try JSONDecoder().decode(
      [String: [String]].self, from: Data(contentsOf: URL(fileURLWithPath: file)))
  }

  @Test(arguments: ["vgg11", "vgg13", "vgg16", "vgg19"])
  func `every VGG has the names of SpikingJelly's own, in its order`(_ model: String) throws {
    let theirs = try #require(Self.stock.get()[model]).filter { !$0.hasSuffix("tracked") }
    let ours = try #require(try names(model).names(.spikingjelly))
    let features = ours.filter { $0.hasPrefix("features.") }
    #expect(Set(features) == Set(theirs) && features.count == theirs.count)
    #expect(
      ours.filter { !$0.hasPrefix("features.") } == ["classifier.0.weight", "classifier.0.bias"])
  }

  @Test func `names there and back are the same, and tell which they are`() throws {
    for (model, names) in WeightNames.catalogue {
      #expect(names.naming(of: names.release) == .release)
      guard let theirs = names.names(.spikingjelly) else { continue }
      #expect(Set(theirs).count == names.release.count)
      let back = theirs.map { names.renamed($0, from: .spikingjelly, to: .release) }
      #expect(back == names.release)
      if theirs != names.release { #expect(names.naming(of: theirs) == .spikingjelly, "\(model)") }
      #expect(names.naming(of: Array(theirs.dropLast())) == nil)
      #expect(names.naming(of: theirs + ["extra"]) == nil)
      #expect(names.naming(of: names.release + ["layer1.1.num_batches_tracked"]) == .release)
    }
  }

  @Test func `no two networks have the same names`() {
    for naming in WeightNaming.allCases {
      let all = WeightNames.catalogue.compactMap { $0.names.names(naming).map(Set.init) }
      #expect(Set(all).count == all.count)
    }
  }
}
