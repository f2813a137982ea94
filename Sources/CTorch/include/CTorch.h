// The C face of LibTorch: opaque handles and guarded calls. No C++ exception leaves a function of this
// header; a failing call says so in its CTError. Arguments are borrowed, results are owned by the caller.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

/// One owned reference to a c10::TensorImpl. Its count is atomic.
typedef struct CTTensorImpl *CTTensor __attribute__((swift_newtype(struct)));
/// One owned reference to an at::Generator.
typedef struct CTGeneratorImpl *CTGenerator __attribute__((swift_newtype(struct)));
/// An operator that the dispatcher knows; lives as long as the process.
typedef const struct CTOperatorInfo *CTOperator __attribute__((swift_newtype(struct)));

typedef enum __attribute__((enum_extensibility(closed))) CTTag : int32_t {
  CTTagNone = 0,
  CTTagTensor,
  CTTagInt,
  CTTagDouble,
  CTTagBool,
  CTTagString,
  CTTagInts,
  CTTagDoubles,
  CTTagBools,
  CTTagTensors,
  CTTagDevice,
  CTTagGenerator,
  CTTagDefault
} CTTag;

/// One argument or result of an operator. `count` is the length of what `p` points at.
typedef struct CTValue {
  CTTag tag;
  int32_t count;
  union {
    int64_t i;
    double d;
    void *_Nullable p;
  } u;
} CTValue;

typedef enum __attribute__((enum_extensibility(closed))) CTErrorKind : int32_t {
  CTErrorNone = 0,
  CTErrorGeneral,
  CTErrorIndex,
  CTErrorNotImplemented,
  CTErrorOutOfMemory
} CTErrorKind;

/// Why a call failed. The strings come from malloc and belong to the caller (ct_free).
typedef struct CTError {
  CTErrorKind kind;
  char *_Nullable message;
  char *_Nullable arguments;  ///< shapes and types of the tensors that were passed
} CTError;

// Operators ---------------------------------------------------------------------------------------
CTOperator _Nullable ct_operator(const char *name, const char *overload, CTError *error);
/// Calls an operator through the dispatcher. Trailing arguments with a default may be left out.
/// Returns the number of results, or -1.
int32_t ct_call(CTOperator op, const CTValue *arguments, int32_t argument_count, CTValue *results,
                int32_t capacity, CTError *error);
const char *ct_operator_name(CTOperator op);
/// The signature, as "aten::neg(Tensor self) -> Tensor".
const char *ct_operator_schema(CTOperator op);
void ct_free(void *_Nullable p);

// Tensors -----------------------------------------------------------------------------------------
void ct_release(CTTensor t);
int32_t ct_dim(CTTensor t);
const int64_t *ct_sizes(CTTensor t);
const int64_t *ct_strides(CTTensor t);
int64_t ct_numel(CTTensor t);
int32_t ct_dtype(CTTensor t);
int32_t ct_device(CTTensor t);  ///< type << 8 | (index + 1)
bool ct_requires_grad(CTTensor t);
bool ct_is_contiguous(CTTensor t, int32_t memory_format);
/// The first element, for dense CPU tensors only; NULL otherwise.
const void *_Nullable ct_data(CTTensor t);
/// Copies `byte_count` bytes into a new CPU tensor.
CTTensor _Nullable ct_from_bytes(const void *data, size_t byte_count, const int64_t *sizes,
                                 int32_t dim, int32_t dtype, CTError *error);

// Differentiation ---------------------------------------------------------------------------------
bool ct_set_requires_grad(CTTensor t, bool on, CTError *error);
bool ct_grad_mode(void);
bool ct_set_grad_mode(bool on);  ///< returns the old mode; both are thread-local
bool ct_gradients(const CTTensor _Nonnull *_Nonnull outputs, int32_t output_count,
                  const CTTensor _Nonnull *_Nonnull inputs, int32_t input_count,
                  const CTTensor _Nullable *_Nullable output_gradients, bool retain_graph,
                  bool create_graph, bool allow_unused, CTTensor _Nullable *_Nonnull gradients,
                  CTError *error);

// Random numbers ----------------------------------------------------------------------------------
CTGenerator _Nullable ct_generator(uint64_t seed, CTError *error);
void ct_generator_release(CTGenerator g);
CTTensor _Nullable ct_generator_state(CTGenerator g, CTError *error);
bool ct_generator_set_state(CTGenerator g, CTTensor state, CTError *error);

// Engine ------------------------------------------------------------------------------------------
const char *ct_version(void);
const char *ct_cpu_capability(void);
int32_t ct_threads(void);
void ct_set_threads(int32_t n);
/// Calls body(context, i) once for each i in 0 ..< count, on up to ct_threads() threads of the engine, each taking the
/// next i when it is done. Of several, each one's operators run on its thread alone. The body must not throw.
void ct_each(int64_t count, void (*body)(void *context, int64_t i), void *context);
/// Number of CUDA devices that the engine can use now (0 without libtorch_cuda or a driver).
int32_t ct_cuda_device_count(void);
/// Why CUDA is off, or NULL when libtorch_cuda was loaded.
const char *_Nullable ct_cuda_absence(void);
/// Lets the C library keep freed memory for the next tensor. False where it has no such setting.
bool ct_keep_memory(void);

// Yardsticks: the same loop in C++, for the benchmark of the bridge only ----------------------------
double ct_yardstick_add(CTTensor a, CTTensor b, int64_t rounds);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
