import Testing
import Torch

@Suite struct NamedTensorsTests {
  let named: NamedTensors = ["b": Tensor([1.0]), "a": Tensor([2.0]), "c": Tensor([3.0])]

  @Test func keepsTheOrderOfInsertion() {
    #expect(named.names == ["b", "a", "c"] && named.count == 3)
    #expect(named.tensors.map { $0.item() } == [1, 2, 3])
    #expect(named.map { "\($0.name)\(Int($0.tensor.item()))" } == ["b1", "a2", "c3"])
  }

  @Test func replacingKeepsThePlaceAndNilRemoves() {
    var named = named
    named["b"] = Tensor([9.0])
    #expect(named.names == ["b", "a", "c"] && named["b"]?.item() == 9)
    named["b"] = nil
    named["d"] = Tensor([4.0])
    #expect(named.names == ["a", "c", "d"] && named["b"] == nil)
    named["missing"] = nil
    #expect(named.count == 3)
  }

  @Test func mapFilterPrefixMerge() {
    #expect(named.map { $0 * 2 }.tensors.map { $0.item() } == [2, 4, 6])
    #expect(named.filter { $0 != "a" }.names == ["b", "c"])
    #expect(named.prefixed("x.").names == ["x.b", "x.a", "x.c"])
    var merged = named
    merged.merge(named.prefixed("y."))
    #expect(merged.names == ["b", "a", "c", "y.b", "y.a", "y.c"] && merged["y.a"]?.item() == 2)
    #expect(named.count == 3 && NamedTensors().isEmpty)
  }
}
