// Calls any operator through the dispatcher's boxed interface: one C function reaches all of ATen,
// and the project's own operators, with conversion guided by the operator's schema.
#include "Bridge.h"
#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <map>
#include <mutex>
#include <sstream>

using bridge::borrow;
using bridge::own;
using c10::IValue;

namespace {

/// What a schema's argument type asks of the conversion; everything else is `Plain`.
enum Kind : uint8_t { Plain, Tensor, Float, TensorList, OptionalTensorList, IntList, FloatList, BoolList };

Kind kind_of(c10::TypePtr type) {
  if (type->kind() == c10::TypeKind::TensorType) return Tensor;
  if (auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
  if (type->kind() == c10::TypeKind::FloatType) return Float;
  auto list = type->cast<c10::ListType>();
  if (!list) return Plain;
  auto element = list->getElementType();
  switch (element->kind()) {
    case c10::TypeKind::OptionalType: return OptionalTensorList;
    case c10::TypeKind::TensorType: return TensorList;
    case c10::TypeKind::FloatType: return FloatList;
    case c10::TypeKind::BoolType: return BoolList;
    default: return IntList;
  }
}

template <class Element, class Source>
c10::List<Element> list_of(const Source *values, int32_t count) {
  c10::List<Element> list;
  list.reserve(count);
  for (int32_t i = 0; i < count; ++i) list.push_back(Element(values[i]));
  return list;
}

IValue tensor_list(const CTValue &value, Kind kind) {
  auto handles = static_cast<CTTensor const *>(value.u.p);
  if (kind != OptionalTensorList) return IValue(bridge::borrow_all(handles, value.count));
  c10::List<std::optional<at::Tensor>> list;
  list.reserve(value.count);
  for (int32_t i = 0; i < value.count; ++i)
    list.push_back(handles[i] ? std::optional<at::Tensor>(borrow(handles[i])) : std::nullopt);
  return list;
}

IValue to_ivalue(const CTValue &value, Kind kind, const c10::Argument &argument) {
  TORCH_CHECK(kind != Tensor || value.tag == CTTagTensor || value.tag == CTTagDefault, "argument '",
              argument.name(), "' must be a tensor");
  switch (value.tag) {
    case CTTagNone: return IValue();
    case CTTagTensor: return IValue(borrow(static_cast<CTTensor>(value.u.p)));
    case CTTagInt:
      if (kind == Float) return IValue(double(value.u.i));
      if (kind == IntList) return IValue(c10::List<int64_t>({value.u.i}));
      return IValue(value.u.i);
    case CTTagDouble: return IValue(value.u.d);
    case CTTagBool: return IValue(value.u.i != 0);
    case CTTagString: return IValue(std::string(static_cast<const char *>(value.u.p), value.count));
    case CTTagInts: {
      auto p = static_cast<const int64_t *>(value.u.p);
      if (kind == FloatList) return list_of<double>(p, value.count);
      return IValue(at::IntArrayRef(p, value.count));
    }
    case CTTagDoubles:
      return IValue(at::ArrayRef<double>(static_cast<const double *>(value.u.p), value.count));
    case CTTagBools: return list_of<bool>(static_cast<const bool *>(value.u.p), value.count);
    case CTTagTensors: return tensor_list(value, kind);
    case CTTagDevice:
      return IValue(c10::Device(c10::DeviceType(value.u.i >> 8), c10::DeviceIndex((value.u.i & 255) - 1)));
    case CTTagGenerator: return IValue(*static_cast<at::Generator *>(value.u.p));
    case CTTagDefault: {
      auto &fallback = argument.default_value();
      TORCH_CHECK(fallback.has_value(), "argument '", argument.name(), "' has no default");
      return *fallback;
    }
  }
  return IValue();
}

CTValue from_ivalue(IValue &&value) {
  CTValue result{CTTagNone, 0, {0}};
  if (value.isTensor()) {
    result.u.p = own(std::move(value).toTensor());
    result.tag = result.u.p ? CTTagTensor : CTTagNone;
  } else if (value.isInt()) {
    result = {CTTagInt, 0, {value.toInt()}};
  } else if (value.isSymInt()) {
    result = {CTTagInt, 0, {value.toSymInt().guard_int(__FILE__, __LINE__)}};
  } else if (value.isDouble()) {
    result.tag = CTTagDouble;
    result.u.d = value.toDouble();
  } else if (value.isBool()) {
    result = {CTTagBool, 0, {int64_t(value.toBool())}};
  } else if (value.isTensorList()) {
    auto list = value.toTensorVector();
    for (auto &tensor : list) TORCH_CHECK_NOT_IMPLEMENTED(tensor.defined(), "a list with missing tensors");
    result = {CTTagTensors, int32_t(list.size()), {0}};
    auto handles = static_cast<CTTensor *>(malloc(sizeof(CTTensor) * (list.size() + 1)));
    if (!handles) throw std::bad_alloc();
    for (size_t i = 0; i < list.size(); ++i) handles[i] = own(std::move(list[i]));
    result.u.p = handles;
  } else {
    TORCH_CHECK_NOT_IMPLEMENTED(value.isNone(), "result of type ", value.tagKind());
  }
  return result;
}

/// Drops a result that the caller will never see.
void release(const CTValue &value) {
  if (value.tag == CTTagTensor) ct_release(static_cast<CTTensor>(value.u.p));
  if (value.tag != CTTagTensors) return;
  for (int32_t i = 0; i < value.count; ++i) ct_release(static_cast<CTTensor *>(value.u.p)[i]);
  free(value.u.p);
}

/// The tensors among the arguments of a failed call, for the error text.
void describe(const CTValue *arguments, int32_t count, CTError *error) {
  std::vector<CTTensor> tensors;
  for (int32_t i = 0; i < count; ++i) {
    auto &value = arguments[i];
    auto p = static_cast<CTTensor *>(value.u.p);
    if (value.tag == CTTagTensor) tensors.push_back(static_cast<CTTensor>(value.u.p));
    if (value.tag == CTTagTensors) tensors.insert(tensors.end(), p, p + value.count);
  }
  bridge::describe(tensors.data(), int32_t(tensors.size()), error);
}

}  // namespace

void bridge::describe(const CTTensor *tensors, int32_t count, CTError *error) noexcept {
  CTError ignored{};
  guarded(&ignored, false, [&] {
    std::ostringstream text;
    for (int32_t i = 0; i < count; ++i) {
      if (!tensors[i]) continue;
      auto tensor = borrow(tensors[i]);
      text << (text.tellp() > 0 ? ", " : "") << tensor.sizes() << " "
           << c10::toString(tensor.scalar_type());
    }
    error->arguments = strdup(text.str().c_str());
    return true;
  });
  free(ignored.message);
}

struct CTOperatorInfo {
  c10::OperatorHandle handle;
  std::vector<Kind> kinds;
  std::string name, schema;
};

extern "C" {

CTOperator ct_operator(const char *name, const char *overload, CTError *error) {
  return bridge::guarded(error, nullptr, [&]() -> CTOperator {
    static std::mutex mutex;
    static std::map<std::pair<std::string, std::string>, CTOperatorInfo> known;  // nodes stay in place
    std::lock_guard<std::mutex> lock(mutex);
    auto found = known.find({name, overload});
    if (found != known.end()) return &found->second;
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
    std::vector<Kind> kinds;
    for (auto &argument : handle.schema().arguments()) kinds.push_back(kind_of(argument.type()));
    CTOperatorInfo info{handle, kinds, name, c10::toString(handle.schema())};
    return &known.emplace(std::make_pair(name, overload), std::move(info)).first->second;
  });
}

int32_t ct_call(CTOperator op, const CTValue *arguments, int32_t count, CTValue *results,
                int32_t capacity, CTError *error) {
  int32_t produced = 0;
  bool done = bridge::guarded(error, false, [&] {
    auto &declared = op->handle.schema().arguments();
    TORCH_CHECK(size_t(count) <= declared.size(), "takes ", declared.size(), " arguments, got ", count);
    // The stack's memory is kept for this thread's next call; a call inside a call gets its own.
    static thread_local torch::jit::Stack spare;
    torch::jit::Stack stack = std::move(spare);
    stack.clear();
    for (int32_t i = 0; i < count; ++i)
      stack.push_back(to_ivalue(arguments[i], op->kinds[i], declared[i]));
    for (size_t i = count; i < declared.size(); ++i) {
      auto &fallback = declared[i].default_value();
      TORCH_CHECK(fallback.has_value(), "missing argument '", declared[i].name(), "'");
      stack.push_back(*fallback);
    }
    op->handle.callBoxed(stack);
    TORCH_CHECK(stack.size() <= size_t(capacity), "returns ", stack.size(), " results, not ", capacity);
    for (auto &value : stack) {
      results[produced] = from_ivalue(std::move(value));
      ++produced;
    }
    stack.clear();
    spare = std::move(stack);
    return true;
  });
  if (done) return produced;
  while (produced > 0) release(results[--produced]);
  describe(arguments, count, error);
  return -1;
}

const char *ct_operator_name(CTOperator op) { return op->name.c_str(); }
const char *ct_operator_schema(CTOperator op) { return op->schema.c_str(); }

void ct_free(void *p) { free(p); }

}  // extern "C"
