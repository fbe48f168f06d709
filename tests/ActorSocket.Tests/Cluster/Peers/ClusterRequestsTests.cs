using System.Collections.Concurrent;
using ActorSocket.Clustering;
using ActorSocket.Sockets;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Peers;

public sealed class ClusterRequestsTests : ServerTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Each_node_is_heard_once_and_only_to_what_it_was_asked()
    {
        var (table, one, two) = TwoPeers();
        var requests = new ClusterRequests(table, new ManualTime());
        var asked = requests.AskAsync<FetchSocketsReply>(table.All, Question, Limit, default);
        requests.Answered(one, new ChangeSocketsReply(1, FailedSockets.None)); // another question's answer
        requests.Answered(one, new FetchSocketsReply(2, [])); // nobody has asked that
        requests.Answered(one, new FetchSocketsReply(1, [[1]]));
        requests.Answered(one, new FetchSocketsReply(1, [[2]])); // told twice
        Assert.False(asked.IsCompleted);
        requests.Answered(two, new FetchSocketsReply(1, [[3]]));
        var (answers, missing) = await asked.WaitAsync(Patience);
        Assert.Equal([1, 3], answers.SelectMany(static answer => answer.Sockets).Select(static socket => socket[0]));
        Assert.Empty(missing);
    }

    [Fact]
    public async Task What_has_come_in_time_is_given_with_how_much_is_missing()
    {
        var (table, one, two) = TwoPeers();
        var time = new ManualTime();
        var requests = new ClusterRequests(table, time);
        var asked = requests.AskAsync<FetchSocketsReply>(table.All, Question, Limit, default);
        requests.Answered(one, new FetchSocketsReply(1, [[1]]));
        time.Advance(4);
        Assert.False(asked.IsCompleted);
        time.Advance(1);
        var (answers, missing) = await asked.WaitAsync(Patience);
        Assert.Single(answers);
        Assert.Same(two, Assert.Single(missing));
        requests.Answered(two, new FetchSocketsReply(1, [[2]])); // too late
        Assert.Single(answers);
    }

    [Fact]
    public async Task Who_leaves_the_cluster_is_not_missing() // C-06
    {
        var (table, one, two) = TwoPeers();
        var requests = new ClusterRequests(table, new ManualTime());
        var asked = requests.AskAsync<FetchSocketsReply>(table.All, Question, Limit, default);
        table.Remove(two);
        requests.PeerGone(two);
        Assert.False(asked.IsCompleted);
        requests.Answered(one, new FetchSocketsReply(1, []));
        Assert.Empty((await asked.WaitAsync(Patience)).Missing);
        // One that had left before it was asked is not waited for either.
        Assert.Empty((await requests.AskAsync<FetchSocketsReply>([two], Question, Limit, default).WaitAsync(Patience)).Missing);
    }

    [Fact]
    public async Task Whoever_gives_up_is_told_and_nobody_to_ask_is_an_answer_at_once()
    {
        var (table, _, _) = TwoPeers();
        var requests = new ClusterRequests(table, new ManualTime());
        using var source = new CancellationTokenSource();
        var asked = requests.AskAsync<FetchSocketsReply>(table.All, Question, Limit, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => requests.AskAsync<FetchSocketsReply>([], Question, Limit, source.Token)
        );
        Assert.Empty((await requests.AskAsync<FetchSocketsReply>([], Question, Limit, default)).Answers);
    }

    [Fact]
    public async Task A_question_that_nobody_answers_leaves_no_error_that_nobody_sees()
    {
        var unseen = new ConcurrentBag<Exception>();
        TaskScheduler.UnobservedTaskException += See;
        try
        {
            var (table, _, _) = TwoPeers();
            await TimeOutAsync(table);
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            Assert.DoesNotContain(unseen, static error => error is TimeoutException);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= See;
        }

        void See(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            foreach (var error in e.Exception.InnerExceptions)
                unseen.Add(error);
        }

        static async Task TimeOutAsync(PeerTable table)
        {
            var time = new ManualTime();
            var requests = new ClusterRequests(table, time);
            var asked = requests.AskAsync<FetchSocketsReply>(table.All, Question, Limit, default, mayBeGone: true);
            time.Advance(5);
            Assert.Equal(2, (await asked.WaitAsync(Patience)).Missing.Length);
        }
    }

    private static FetchSockets Question(long request) => new(request, new Target("/", null, []));

    private (PeerTable Table, Peer One, Peer Two) TwoPeers()
    {
        var table = new PeerTable();
        var (one, two) = (NewPeer("one000"), NewPeer("two000"));
        table.Add(one);
        table.Add(two);
        return (table, one, two);

        Peer NewPeer(string tag) => new(tag, CreateTestProbe().Ref, [], new LinkHub());
    }
}
