using System.Reflection;
using System.Runtime.CompilerServices;

namespace ActorSocket.Configuration;

/// <summary>
/// What an application hands in to be called back, as one kind: something that returns a task. Every public method that takes a delegate
/// without a result has an overload for one with a task, which an async lambda prefers, and for one with a <see cref="ValueTask"/>, which
/// would be dropped otherwise; what is <c>async void</c> all the same, by a cast or as a method, is refused.
/// </summary>
internal static class Callback
{
    // Each connection registers its handlers: reflection is asked once for each type of delegate, and each method.
    private static readonly ConditionalWeakTable<Type, StrongBox<bool>> ReturnsVoid = [];
    private static readonly ConditionalWeakTable<MethodInfo, StrongBox<bool>> AsyncVoid = [];

    public static Func<T, Task> From<T>(Action<T> callback, [CallerArgumentExpression(nameof(callback))] string? name = null)
    {
        ThrowIfAsyncVoid(callback, name);
        return value =>
        {
            callback(value);
            return Task.CompletedTask;
        };
    }

    public static Func<T, Task> From<T>(Func<T, ValueTask> callback, [CallerArgumentExpression(nameof(callback))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(callback, name);
        return value => callback(value).AsTask();
    }

    public static Func<T1, T2, Task> From<T1, T2>(
        Func<T1, T2, ValueTask> callback, [CallerArgumentExpression(nameof(callback))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(callback, name);
        return (one, two) => callback(one, two).AsTask();
    }

    public static Func<T1, T2, Task> From<T1, T2>(
        Action<T1, T2> callback, [CallerArgumentExpression(nameof(callback))] string? name = null)
    {
        ThrowIfAsyncVoid(callback, name);
        return (one, two) =>
        {
            callback(one, two);
            return Task.CompletedTask;
        };
    }

    /// <summary>An exception of such a method ends the process, and nobody can wait for it.</summary>
    public static void ThrowIfAsyncVoid(Delegate? callback, [CallerArgumentExpression(nameof(callback))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(callback, name);
        if (!ReturnsVoid.GetValue(callback.GetType(), static type => new(type.GetMethod("Invoke")!.ReturnType == typeof(void))).Value)
            return;
        if (AsyncVoid.GetValue(callback.Method, static method => new(IsAsyncVoid(method))).Value)
            throw new ArgumentException(
                $"{callback.Method.Name} is async void: its exceptions would end the process, and nothing can wait for it. Let it return "
                + "a Task.",
                name
            );
    }

    public static bool IsAsyncVoid(MethodInfo method) =>
        method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute), inherit: false);
}
