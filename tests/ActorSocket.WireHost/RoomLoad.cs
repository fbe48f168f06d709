using ActorSocket.Clustering;
using System.Diagnostics;

namespace ActorSocket.WireHost;

/// <summary>
/// Many rooms on one node, as many sockets would open them: through the directory, so that every other node is told and confirms.
/// </summary>
internal static class RoomLoad
{
    private const int AtOnce = 10_000;

    public static async Task<double> OpenAsync(ActorSocketServer io, string prefix, int count)
    {
        var cluster = (io.Server.Adapter as ClusterAdapter) ?? throw new InvalidOperationException("This node is in no cluster.");
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

    /// <summary>Opens rooms one after the other; how long each took, in milliseconds.</summary>
    public static async Task<double[]> OpenOneByOneAsync(ActorSocketServer io, string prefix, int count)
    {
        var cluster = (io.Server.Adapter as ClusterAdapter) ?? throw new InvalidOperationException("This node is in no cluster.");
        var took = new double[count];
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await cluster.AnnounceAsync("/", $"{prefix}-{i}");
            took[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        return took;
    }

    /// <summary>Emits to a room, a few at a time, so that no queue grows.</summary>
    public static async Task EmitAsync(ActorSocketServer io, string room, int count, int bytes)
    {
        var filler = new string('x', bytes);
        for (var i = 0; i < count; i++)
        {
            io.To(room).Emit("told", i, filler);
            if (i % 100 == 99)
                await Task.Delay(1); // what is emitted leaves without a word to who has emitted it
        }
    }
}
