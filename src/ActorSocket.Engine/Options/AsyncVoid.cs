using System.Runtime.CompilerServices;

namespace ActorSocket;

/// <summary>Methods that are <c>async</c> and return nothing: an exception in one ends the process, and nobody can wait for it.</summary>
internal static class AsyncVoid
{
    public static bool Is(Delegate callback) =>
        callback.Method.ReturnType == typeof(void) && callback.Method.IsDefined(typeof(AsyncStateMachineAttribute), inherit: false);

    /// <summary>The callback as one that returns a task.</summary>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public static Func<T, Task> Refuse<T>(Action<T> callback, [CallerArgumentExpression(nameof(callback))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(callback, name);
        if (Is(callback))
        {
            throw new ArgumentException(
                $"{callback.Method.Name} is async void: its exceptions would end the process, and nothing can wait for it. " +
                "Let it return a Task.", name);
        }
        return value =>
        {
            callback(value);
            return Task.CompletedTask;
        };
    }
}
