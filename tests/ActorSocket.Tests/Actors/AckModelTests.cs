using ActorSocket.Actors;
using System.Collections.Concurrent;
using CsCheck;
using ActorSocket.Sockets;

namespace ActorSocket.Tests.Actors;

/// <summary>
/// The questions that clients are asked, against models: the table alone, and the whole way with everything that may happen to a question.
/// </summary>
public sealed class AckModelTests : ServerTest
{
    private enum What { Ask, Answer, AnswerAgain, TakeAll }

    private enum Fate { Answer, AnswerTwice, AnswerWrongly, Cancel, Overdue, Nothing }

    [Fact]
    public void The_table_holds_the_newest_of_what_was_asked_and_not_taken() =>
        Gen.Select(Gen.Int[1, 6], Gen.Select(Gen.Enum<What>(), Gen.Long[0, 12]).Array[0, 60]).Sample((limit, steps) =>
        {
            var table = new AckTable(limit);
            var model = new List<(long Id, Sink Sink)>(); // oldest first
            foreach (var (what, id) in steps)
            {
                switch (what)
                {
                    case What.Ask when model.All(asked => asked.Id != id): // ids are never asked twice
                        var sink = new Sink();
                        var evicted = model.Count == limit ? model[0].Sink : null;
                        if (evicted is not null)
                            model.RemoveAt(0);
                        model.Add((id, sink));
                        Assert.Same(evicted, table.Add(id, sink));
                        break;
                    case What.Answer or What.AnswerAgain:
                        var at = model.FindIndex(asked => asked.Id == id);
                        Assert.Same(at < 0 ? null : model[at].Sink, table.Take(id));
                        if (at >= 0)
                            model.RemoveAt(at);
                        if (what == What.AnswerAgain)
                            Assert.Null(table.Take(id));
                        break;
                    case What.TakeAll:
                        Assert.Equal(model.Select(static asked => asked.Sink), table.TakeAll());
                        model.Clear();
                        break;
                }
                Assert.Equal(model.Count, table.Count);
            }
        });

    /// <summary>Every question has one outcome, which is one that its fate allows, and the connection owes nothing afterwards.</summary>
    [Theory]
    [InlineData("stays")]
    [InlineData("leaves")]
    [InlineData("is disconnected")]
    [InlineData("crashes")]
    public async Task Every_question_ends_once_and_rightly(string client)
    {
        var gen = Gen.Enum<Fate>().Array[1, 12];
        await gen.SampleAsync(fates => RunAsync(fates, client), iter: 25, threads: 1);
    }

    private async Task RunAsync(Fate[] fates, string client)
    {
        var (socket, session, webSocket) = await JoinAsync(
            static one => one.On("slow", () => one.Disconnected.WaitAsync()),
            static o => o.MaxInboundEvents = 1
        );
        using var source = new CancellationTokenSource();
        var asked = new Task<int>[fates.Length];
        var ids = new ConcurrentDictionary<int, string>();
        for (var i = 0; i < fates.Length; i++)
        {
            asked[i] = fates[i] switch
            {
                Fate.Cancel => socket.EmitWithAckAsync<int>("ask", i, source.Token),
                Fate.Overdue => socket.Timeout(TimeSpan.FromSeconds(1)).EmitWithAckAsync<int>("ask", i),
                Fate.Nothing => socket.EmitWithAckAsync<int>("ask", i),
                _ => socket.Timeout(TimeSpan.FromDays(1)).EmitWithAckAsync<int>("ask", i),
            };
            ids[i] = (await webSocket.NextAsync())[2..].Split('[')[0];
        }
        await Task.WhenAll(
            Task.Run(() =>
            {
                for (var i = 0; i < fates.Length; i++)
                {
                    if (fates[i] is Fate.Answer or Fate.AnswerTwice)
                        session.Send($"43{ids[i]}[{i}]");
                    if (fates[i] is Fate.AnswerTwice)
                        session.Send($"43{ids[i]}[99]");
                    if (fates[i] is Fate.AnswerWrongly)
                        session.Send($"43{ids[i]}[\"no number\"]");
                }
                if (client == "leaves")
                    session.Send("41");
            }),
            Task.Run(source.CancelAsync),
            Task.Run(() => Clock.Advance(TimeSpan.FromSeconds(1))),
            client switch
            {
                "is disconnected" => Task.Run(() => socket.DisconnectAsync().AsTask()),
                "crashes" => Task.Run(() => socket.Actor.Tell(Akka.Actor.Kill.Instance, Akka.Actor.ActorRefs.NoSender)),
                _ => Task.CompletedTask,
            });
        if (client == "stays")
        {
            await HandledAsync(socket.Actor);
            foreach (var (fate, task) in fates.Zip(asked))
                Assert.True(fate == Fate.Nothing || await EndsAsync(task));
            await socket.DisconnectAsync();
        }
        for (var i = 0; i < fates.Length; i++)
        {
            var outcome = await Record.ExceptionAsync(() => asked[i].WaitAsync(Patience));
            var isRight = (fates[i], outcome) switch
            {
                (Fate.Answer or Fate.AnswerTwice, null) => await asked[i] == i,
                (Fate.AnswerWrongly, System.Text.Json.JsonException) => true,
                (Fate.Cancel, OperationCanceledException) => true,
                (Fate.Overdue, TimeoutException) => asked[i].IsFaulted,
                (Fate.Nothing, SocketDisconnectedException) => true,
                (_, SocketDisconnectedException) => client != "stays",
                _ => false,
            };
            Assert.True(isRight, $"{fates[i]} of {string.Join(' ', fates)} of a client that {client}: {outcome}");
        }
        await AwaitConditionAsync(
            () => Task.FromResult(session.Connection.Backlog.AnswersOwed == 0),
            Patience,
            TimeSpan.FromMilliseconds(5)
        );
    }

    private static async Task<bool> EndsAsync(Task task)
    {
        await task.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }

    private sealed class Sink : IAckSink
    {
        public void Answered(Socket from, SocketArguments arguments)
        {
        }

        public void Failed(Socket from, Exception error)
        {
        }
    }
}
