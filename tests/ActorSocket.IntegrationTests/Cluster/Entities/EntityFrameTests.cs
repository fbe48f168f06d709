namespace ActorSocket.IntegrationTests.Cluster.Entities;

/// <summary>Calls and results that may not fit into one frame between nodes, in a cluster of the application's own.</summary>
public sealed class EntityFrameTests
{
    [Fact]
    public async Task In_a_cluster_with_Akkas_own_frame_size_what_does_not_fit_is_refused_and_what_fits_arrives()
    {
        RoomEntities<Echo> here = null!, there = null!;
        await using var first = await Node.StartInOwnClusterAsync(null, io => here = io.MapEntities<Echo>("echo"));
        first.Cluster.Join(first.Cluster.SelfAddress);
        await using var second = await Node.StartInOwnClusterAsync(first, io => there = io.MapEntities<Echo>("echo"));
        await Node.MeetAsync(first, second);
        var id = await OneOnAsync(second, here);
        foreach (var entities in (RoomEntities<Echo>[])[here, there])
        {
            Assert.Equal(119_000, (await entities.InvokeAsync<string>(id, "text", 119_000))!.Length);
            Assert.Equal(119_000, await entities.InvokeAsync<int>(id, "length", new string('x', 119_000)));
            foreach (var length in (int[])[150_000, 190_000, 121_000])
            {
                Assert.Contains(
                    "at most 120000",
                    (await Assert.ThrowsAsync<EntityCallException>(() => entities.InvokeAsync<string>(id, "text", length))).Message,
                    StringComparison.Ordinal
                );
                Assert.Contains(
                    "at most 120000",
                    (
                        await Assert.ThrowsAsync<ArgumentException>(
                            () => entities.InvokeAsync<int>(id, "length", new string('x', length)))
                    ).Message,
                    StringComparison.Ordinal
                );
            }
        }
    }

    [Fact]
    public async Task A_cluster_whose_frames_are_too_small_for_the_pieces_of_long_messages_is_refused()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => Node.StartInOwnClusterAsync(null, static _ => { }, "akka.remote.dot-netty.tcp.maximum-frame-size = 64000b"));
        Assert.Contains("maximum-frame-size", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> OneOnAsync(Node node, RoomEntities<Echo> entities)
    {
        for (var number = 0; ; number++)
        {
            if (await entities.InvokeAsync<string>($"echo {number}", "node") == node.Server.NodeTag)
                return $"echo {number}";
        }
    }

    private sealed class Echo(ActorSocketServer io) : RoomEntity
    {
        [Event("node")]
        public string Node() => io.NodeTag;

        [Event("text")]
        public static string Text(int length) => new('x', length);

        [Event("length")]
        public static int Length(string text) => text.Length;
    }
}
