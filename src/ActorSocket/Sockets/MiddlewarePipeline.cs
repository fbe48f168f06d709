namespace ActorSocket.Sockets;

/// <summary>Middleware in the order it was added. The list is taken as it is when a subject enters; adding replaces it.</summary>
internal sealed class MiddlewarePipeline<T>
{
    private Func<T, Func<Task>, Task>[] _steps = [];

    public bool IsEmpty => _steps.Length == 0;

    public void Add(Func<T, Func<Task>, Task> step)
    {
        ArgumentNullException.ThrowIfNull(step);
        lock (this)
            Volatile.Write(ref _steps, [.. _steps, step]);
    }

    public void AddAll(MiddlewarePipeline<T> other)
    {
        lock (this)
            Volatile.Write(ref _steps, [.. _steps, .. other._steps]);
    }

    /// <summary>Completes when the last step has called <c>next</c>; a step that does not lets nothing through, for ever .</summary>
    public Task InvokeAsync(T subject)
    {
        var steps = Volatile.Read(ref _steps);
        if (steps.Length == 0)
            return Task.CompletedTask;
        var through = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return RunAsync(steps, subject, through);
    }

    /// <summary>
    /// Runs <paramref name="last"/> when the last step calls <c>next</c>, within that call; a step that does not call it drops the subject.
    /// </summary>
    public Task InvokeAsync(T subject, Func<Task> last)
    {
        var steps = Volatile.Read(ref _steps);
        return NextAsync(0);

        Task NextAsync(int index) => index < steps.Length ? steps[index](subject, () => NextAsync(index + 1)) : last();
    }

    private static async Task RunAsync(Func<T, Func<Task>, Task>[] steps, T subject, TaskCompletionSource through)
    {
        await NextAsync(0).ConfigureAwait(false);
        // A step may hold the subject back by never calling next and returning: then only `through` tells, and it never will.
        await through.Task.ConfigureAwait(false);

        async Task NextAsync(int index)
        {
            if (index == steps.Length)
            {
                through.TrySetResult();
                return;
            }
            try
            {
                await steps[index](subject, () => NextAsync(index + 1)).ConfigureAwait(false);
            }
            catch (Exception refusal)
            {
                through.TrySetException(refusal); // the step before may not have awaited this one
                _ = through.Task.Exception; // or it may have: then nobody asks `through`
                throw;
            }
        }
    }
}
