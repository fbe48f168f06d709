using System.Diagnostics;

namespace ActorSocket.WireHost;

/// <summary>Many rooms on one node, as many sockets would open them: through the directory, so that every other node is told and confirms.</summary>
internal static class RoomLoad
{
    private const int AtOnce = 10_000;

    public static async Task<double> OpenAsync(ActorSocketServer io, string prefix, int count)
    {
        var cluster = io.Services.Cluster ?? throw new InvalidOperationException("This node is in no cluster.");
        var start = Stopwatch.GetTimestamp();
        var announced = new List<Task>(AtOnce);
        for (var i = 0; i < count; i++)
        {
            announced.Add(cluster.AnnounceAsync("/", $"{prefix}-{i}"));
            if (announced.Count < AtOnce && i + 1 < count)
                continue;
            await Task.WhenAll(announced);
            announced.Clear();
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
