namespace ActorSocket.Clustering;

/// <summary>An answer to a request that came in at another node, until that one says that it has left.</summary>
internal sealed class AnswerOnItsWay(string gateway, long request)
{
    private readonly TaskCompletionSource<bool> _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The tag of the node.</summary>
    public string Gateway => gateway;

    public long Request => request;

    /// <summary>False: it was lost.</summary>
    public Task<bool> Left => _left.Task;

    public void SetLeft(bool left) => _left.TrySetResult(left);
}
