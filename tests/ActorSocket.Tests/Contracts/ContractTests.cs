using System.ComponentModel;
using System.Net;
using System.Reflection;
using System.Reflection.Emit;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Tests.Contracts
{
    /// <summary>What is read from hubs and interfaces, and how both documents say it. Real compilers and validators: ContractTests of the
    /// client tests.</summary>
    public sealed class ContractTests
    {
        [Fact]
        public void A_hubs_events_have_their_arguments_and_are_acknowledged_with_an_answer_or_a_refusal()
        {
            var text = TypeScriptOf(static io => io.MapHub<Shop>());
            Assert.Equal(
                """
                /** What clients of the namespace `/` send. */
                export interface ClientToServerEvents {
                  "add-to-cart": (item: string, count: number, note: string | null, ack: (answer: Answer<Cart>) => void) => void;
                  /** Empties the cart. */
                  clear: () => void;
                  find: (text: string, page: number | null | undefined, ack: (answer: Answer<Cart | null>) => void) => void;
                  later: (ack: (answer: Answer<boolean>) => void) => void;
                  raw: (...args: any[]) => void;
                  rate: (stars: number, comment?: string | null) => void;
                  upload: (data: BinaryToServer, ack: (answer: Answer<BinaryFromServer>) => void) => void;
                  whatever: (new_: unknown, ack: string, ack2: (answer: Answer<unknown>) => void) => void;
                }

                """,
                Section(text, "ClientToServerEvents"));
            Assert.Equal(
                """
                export interface Cart {
                  id: string;
                  lines: CartLine[];
                  totals: Record<string, number>;
                  state: CartState;
                  payment?: Payment | null;
                }

                """,
                Declaration(text, "Cart"));
            Assert.Contains("export type CartState = 0 | 1;\n", text, StringComparison.Ordinal);
            Assert.Equal(
                """
                export type Payment = {
                  $type: "card";
                  number: string;
                } | {
                  $type: "cash";
                  due: string;
                };
                """,
                text[text.IndexOf("export type Payment", StringComparison.Ordinal)..].Split("\n\n")[0]);
        }

        [Fact]
        public void A_type_says_what_the_server_writes_and_what_it_reads_apart_where_that_differs()
        {
            var text = TypeScriptOf(static io => io.Handles<ITree>());
            Assert.Equal(
                "export interface Node {\n  name: string | null;\n  parent: Node | null;\n  children: Node[];\n}\n",
                Declaration(text, "Node"));
            Assert.Equal(
                "export interface NodeInput {\n  name?: string | null;\n  parent?: NodeInput | null;\n  children?: NodeInput[];\n}\n",
                Declaration(text, "NodeInput"));
            Assert.Contains("export type Branch = Branch[];", text, StringComparison.Ordinal);
            Assert.Contains("grow: (branch: Branch[]) => void;", text, StringComparison.Ordinal);
            Assert.Contains("put: (node: NodeInput, ack: (answer: Answer<Node>) => void) => void;", text, StringComparison.Ordinal);
            Assert.Contains("level: (level: Level, ack: (answer: Answer<Level>) => void) => void;", text, StringComparison.Ordinal);
            Assert.Contains("export type Level = \"Low\" | \"High\";", text, StringComparison.Ordinal);
        }

        [Fact]
        public async Task Types_that_all_know_each_other_take_no_longer_than_they_are_many()
        {
            var text = await Task.Run(static () => TypeScriptOf(static io => io.Services.AddHandled(TakesDense(60))))
                .WaitAsync(TimeSpan.FromSeconds(60));
            var last = Declaration(text, "Dense59");
            Assert.Contains("  oneDense0: Dense0 | null;\n", last, StringComparison.Ordinal);
            Assert.Contains("  someDense58: Dense58[] | null;\n", last, StringComparison.Ordinal);
        }

        [Fact]
        public void The_kinds_of_a_union_may_know_each_other_and_it()
        {
            var text = TypeScriptOf(static io => io.Handles<IShapes>());
            Assert.Equal(
                """
                export type Shape = {
                  kind: "circle";
                  around: Square | null;
                  all: Shape[];
                } | {
                  kind: 7;
                  within: Circle[];
                  again: Square | null;
                  name: string;
                } | Record<string, unknown>;
                """,
                text[text.IndexOf("export type Shape ", StringComparison.Ordinal)..].Split("\n\n")[0]);
            Assert.Equal(
                "export interface Square {\n  within: Circle[];\n  again: Square | null;\n  name: string;\n}\n",
                Declaration(text, "Square"));
        }

        [Fact]
        public void What_cannot_be_described_is_named_with_where_it_stands()
        {
            var error = Assert.Throws<InvalidOperationException>(static () => TypeScriptOf(static io => io.MapHub<Confused>()));
            Assert.Contains("the answer of ", error.Message, StringComparison.Ordinal);
            Assert.Contains("Confused.Give", error.Message, StringComparison.Ordinal);
            Assert.Contains(typeof(Holder).ToString(), error.Message, StringComparison.Ordinal);
            Assert.Contains(typeof(Twice).ToString(), error.Message, StringComparison.Ordinal);
            Assert.Contains("collides", error.InnerException!.Message, StringComparison.Ordinal);
        }

        [Fact]
        public void Types_of_one_name_and_generic_ones_have_names_of_their_own()
        {
            var text = TypeScriptOf(static io => io.Handles<INames>());
            Assert.Contains(
                "both: (mine: ContractTestsOrder, theirs: BillingOrder, page: PageOfOrder, other: ContractTestsRecord) => void;",
                text,
                StringComparison.Ordinal);
            Assert.Contains("export interface PageOfOrder {\n  items: BillingOrder[];\n}", text, StringComparison.Ordinal);
        }

        [Fact]
        public void What_a_namespace_emits_its_clients_answer_for_sure()
        {
            var text = TypeScriptOf(static io => io.Of("/chat-room").Emits<IChatClient>());
            Assert.Equal(
                """
                /** What clients of the namespace `/chat-room` get. */
                export interface ChatRoomServerToClientEvents {
                  said: (from: string, at: string) => void;
                  "ready?": (from: string, ack: (answer: boolean) => void) => void;
                }

                """,
                Section(text, "ChatRoomServerToClientEvents"));
            Assert.Contains(
                "\"/chat-room\": { serverToClient: ChatRoomServerToClientEvents; clientToServer: ChatRoomClientToServerEvents };",
                text,
                StringComparison.Ordinal);
        }

        [Fact]
        public void Sequences_bring_the_events_by_which_they_are_read()
        {
            var text = TypeScriptOf(static io => io.MapHub<Ticker>());
            var (sent, got) = (Section(text, "ClientToServerEvents"), Section(text, "ServerToClientEvents"));
            Assert.Contains("(seconds: number, ack: (answer: Answer<Sequence<CartLine>>) => void)", sent, StringComparison.Ordinal);
            Assert.Contains("\"stream:pull\": (id: string | number, count: number) => void;", sent, StringComparison.Ordinal);
            Assert.Contains("\"stream:next\": (id: string | number, element: unknown) => void;", got, StringComparison.Ordinal);
            Assert.DoesNotContain("stream:pull", got, StringComparison.Ordinal);
        }

        [Fact]
        public void A_template_a_sign_in_and_entities_are_described()
        {
            static void Map(ActorSocketServer io)
            {
                io.OfDynamic(new Regex("^/room-", RegexOptions.None, TimeSpan.FromSeconds(1))).Emits<IChatClient>();
                io.Of("/admin").UseAuthentication();
                io.MapEntities<Counter, ICounter>("counter");
            }
            Assert.DoesNotContain("Entities", TypeScriptOf(Map), StringComparison.Ordinal); // nothing leads to them
            Assert.DoesNotContain("entities/", ContractOf(Map).AsyncApi, StringComparison.Ordinal);
            var text = ContractOf(Map, static app => app.MapActorSocketApi().AllowAnonymous()).TypeScript;
            Assert.Contains("\"^/room-\": { serverToClient: DynamicServerToClientEvents;", text, StringComparison.Ordinal);
            Assert.Contains(
                "authenticate: (auth: unknown, ack: (answer: Answer<{\n    expires: string | null;\n  }>) => void) => void;",
                text,
                StringComparison.Ordinal);
            Assert.Contains("  counter: {\n    add(by: number): number;\n    reset(): void;\n  };\n", text, StringComparison.Ordinal);
        }

        [Fact]
        public void The_AsyncAPI_document_has_the_acknowledgement_as_the_reply_and_no_reference_leads_nowhere()
        {
            var contract = ContractOf(static io =>
            {
                io.MapHub<Shop>().Handles<ITree>().Handles<INames>();
                io.Of("/chat").Emits<IChatClient>().MapHub<Ticker>();
                io.MapEntities<Counter, ICounter>("counter");
            }, static app => app.MapActorSocketApi().AllowAnonymous());
            Assert.Contains("entities/counter/{id}", contract.AsyncApi, StringComparison.Ordinal);
            using var document = JsonDocument.Parse(contract.AsyncApi);
            var root = document.RootElement;
            var add = root.GetProperty("operations").GetProperty("receiveRootAddToCart");
            Assert.Equal("receive", add.GetProperty("action").GetString());
            Assert.Equal(
                ["#/channels/Root/messages/AddToCartAnswer", "#/channels/Root/messages/Refusal"],
                ReferencesIn(add.GetProperty("reply").GetProperty("messages")),
                StringComparer.Ordinal);
            var message = root.GetProperty("channels").GetProperty("Root").GetProperty("messages").GetProperty("AddToCart");
            Assert.Equal("add-to-cart", message.GetProperty("name").GetString());
            Assert.Equal(3, message.GetProperty("payload").GetProperty("minItems").GetInt32());
            Assert.Equal("send", root.GetProperty("operations").GetProperty("sendChatSaid").GetProperty("action").GetString());

            var references = ReferencesIn(root).ToArray();
            Assert.True(references.Length > 40, $"Only {references.Length} references.");
            Assert.All(references, reference => Assert.True(LeadsSomewhere(root, reference), reference));
        }

        [Fact]
        public async Task The_documents_are_served_to_whom_the_application_says()
        {
            await using var app = BuildApplication();
            app.MapActorSocket().MapHub<Shop>();
            app.MapActorSocketContract().AllowAnonymous();
            app.MapGroup("/inside").MapActorSocketContract("/docs").RequireAuthorization();
            await app.StartAsync();
            using var http = app.GetTestClient();
            using var answer = await http.GetAsync("/contract/asyncapi.json");
            Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
            Assert.Contains("\"asyncapi\": \"3.0.0\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Contains("interface ClientToServerEvents", await http.GetStringAsync("/contract/socket.d.ts"), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/inside/docs/socket.d.ts")).StatusCode);
        }

        [Fact]
        public async Task Without_a_word_on_who_may_see_it_the_application_does_not_start()
        {
            await using var app = BuildApplication();
            app.MapActorSocket();
            app.MapActorSocketContract();
            var error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            {
                await app.StartAsync();
                using var http = app.GetTestClient();
                await http.GetAsync(new Uri("/contract/socket.d.ts", UriKind.Relative));
            });
            Assert.Contains("to MapActorSocketContract", error.Message, StringComparison.Ordinal);
        }

        [Fact]
        public async Task It_is_written_as_files_by_an_application_that_has_not_started()
        {
            var folder = Directory.CreateTempSubdirectory("actorsocket-contract-").FullName;
            try
            {
                var contract = ContractOf(static io => io.MapHub<Shop>());
                await contract.WriteToAsync(Path.Combine(folder, "made"));
                Assert.Equal(contract.AsyncApi, await File.ReadAllTextAsync(Path.Combine(folder, "made", "asyncapi.json")));
                Assert.Equal(contract.TypeScript, await File.ReadAllTextAsync(Path.Combine(folder, "made", "socket.d.ts")));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        private static WebApplication BuildApplication() => TestApplication.Build(static services =>
        {
            services.AddActorSocket();
            services.AddAuthentication("cookies").AddCookie("cookies", static options =>
            {
                options.Events.OnRedirectToLogin = static context =>
                {
                    context.Response.StatusCode = 401;
                    return Task.CompletedTask;
                };
            });
            services.AddAuthorization();
        });

        private static ServerContract ContractOf(Action<ActorSocketServer> map, Action<WebApplication>? mapMore = null)
        {
            using var app = (IDisposable)BuildApplication();
            var io = ((WebApplication)app).MapActorSocket();
            map(io);
            mapMore?.Invoke((WebApplication)app);
            return io.DescribeContract();
        }

        /// <summary>Takes the first of so many classes, each of which has all of them as properties and in lists.</summary>
        private static Type TakesDense(int count)
        {
            var module = AssemblyBuilder
                .DefineDynamicAssembly(new AssemblyName("Dense"), AssemblyBuilderAccess.Run)
                .DefineDynamicModule("Dense");
            var all = Enumerable.Range(0, count).Select(i => module.DefineType($"Dense{i}", TypeAttributes.Public)).ToArray();
            foreach (var one in all)
            {
                foreach (var other in all)
                {
                    AddProperty(one, "One" + other.Name, other);
                    AddProperty(one, "Some" + other.Name, other.MakeArrayType());
                }
            }
            var contract = module.DefineType("ITakesDense", TypeAttributes.Public | TypeAttributes.Interface | TypeAttributes.Abstract);
            contract.DefineMethod(
                "Take", MethodAttributes.Public | MethodAttributes.Abstract | MethodAttributes.Virtual, all[0], [all[0]]);
            Array.ForEach(all, static one => one.CreateType());
            return contract.CreateType();
        }

        private static void AddProperty(TypeBuilder owner, string name, Type type)
        {
            var field = owner.DefineField("_" + name, type, FieldAttributes.Private);
            var property = owner.DefineProperty(name, PropertyAttributes.None, type, null);
            var get = owner.DefineMethod("get_" + name, MethodAttributes.Public | MethodAttributes.SpecialName, type, Type.EmptyTypes);
            var code = get.GetILGenerator();
            code.Emit(OpCodes.Ldarg_0);
            code.Emit(OpCodes.Ldfld, field);
            code.Emit(OpCodes.Ret);
            property.SetGetMethod(get);
            var set = owner.DefineMethod("set_" + name, MethodAttributes.Public | MethodAttributes.SpecialName, null, [type]);
            code = set.GetILGenerator();
            code.Emit(OpCodes.Ldarg_0);
            code.Emit(OpCodes.Ldarg_1);
            code.Emit(OpCodes.Stfld, field);
            code.Emit(OpCodes.Ret);
            property.SetSetMethod(set);
        }

        private static string TypeScriptOf(Action<ActorSocketServer> map) => ContractOf(map).TypeScript;

        /// <summary>An interface with the line of comment above it.</summary>
        private static string Section(string text, string name)
        {
            var declared = text.IndexOf($"export interface {name} {{", StringComparison.Ordinal);
            var start = text.LastIndexOf("/** What", declared, StringComparison.Ordinal);
            return text[start..(text.IndexOf("\n}\n", start, StringComparison.Ordinal) + 3)];
        }

        private static string Declaration(string text, string name)
        {
            var start = text.IndexOf($"export interface {name} {{", StringComparison.Ordinal);
            return text[start..(text.IndexOf("\n}\n", start, StringComparison.Ordinal) + 3)];
        }

        private static IEnumerable<string> ReferencesIn(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().SelectMany(static member =>
                member.NameEquals("$ref") ? [member.Value.GetString()!] : ReferencesIn(member.Value)),
            JsonValueKind.Array => element.EnumerateArray().SelectMany(ReferencesIn),
            _ => [],
        };

        private static bool LeadsSomewhere(JsonElement root, string reference) =>
            reference.Split('/').Skip(1).Aggregate(
                (JsonElement?)root, static (at, name) => at?.TryGetProperty(name, out var next) == true ? next : null) is not null;

        internal sealed record CartLine(string Item, int Count);

        internal enum CartState
        {
            Open,
            Paid,
        }

        [JsonDerivedType(typeof(CardPayment), "card")]
        [JsonDerivedType(typeof(CashPayment), "cash")]
        internal abstract record Payment;

        internal sealed record CardPayment(string Number) : Payment;

        internal sealed record CashPayment(DateOnly Due) : Payment;

        internal sealed record Cart(
            Guid Id,
            IReadOnlyList<CartLine> Lines,
            Dictionary<string, decimal> Totals,
            CartState State,
            [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Payment? Payment);

        internal sealed class Shop : SocketHub
        {
            [Event("add-to-cart")]
            public static Cart Add(string item, int count, string? note, Socket socket) =>
                throw new NotSupportedException($"{item}{count}{note}{socket}");

            [Event("clear"), Description("Empties the cart.")]
            public Task ClearAsync(CancellationToken token) => Socket.LeaveAsync("cart", token).AsTask();

            [Event("find")]
            public static ValueTask<Cart?> FindAsync(string text, int? page = null) => throw new NotSupportedException($"{text}{page}");

            [Event("later")]
            public static void Later(Ack<bool> ack) => ack.Send(true);

            [Event("raw")]
            public static int Raw(SocketArguments all) => all.Count;

            [Event("rate")]
            public static void Rate(int stars, string? comment = null) => throw new NotSupportedException($"{stars}{comment}");

            [Event("upload")]
            public static byte[] Upload(byte[] data) => data;

            [Event("whatever")]
            public static void Whatever(JsonElement @new, string ack, Ack answer) => answer.Send($"{@new}{ack}");
        }

        internal sealed class Ticker : SocketHub
        {
            [Event("ticks")]
            public static IAsyncEnumerable<CartLine> Ticks(int seconds) => throw new NotSupportedException($"{seconds}");
        }

        internal sealed class Node
        {
            public string? Name { get; set; }

            public Node? Parent { get; set; }

            public List<Node> Children { get; set; } = [];
        }

        [JsonConverter(typeof(JsonStringEnumConverter<Level>))]
        internal enum Level
        {
            Low,
            High,
        }

        internal sealed class Branch : List<Branch>;

        internal interface ITree
        {
            void Grow(Branch branch);

            Task<Node> PutAsync(Node node);

            Level Level(Level level);
        }

        [JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
        [JsonDerivedType(typeof(Circle), "circle")]
        [JsonDerivedType(typeof(Square), 7)]
        internal record Shape;

        internal sealed record Circle(Square? Around, Shape[] All) : Shape;

        internal sealed record Square(List<Circle> Within, Square? Again, string Name) : Shape;

        internal interface IShapes
        {
            Task<Shape> ShowAsync();

            Task<Square> SquareAsync();
        }

        internal sealed class Confused : SocketHub
        {
            [Event("give")]
            public static Holder Give(int count) => new(new Twice[count]);
        }

        internal sealed record Holder(Twice[] Inside);

        internal sealed class Twice
        {
            [JsonPropertyName("a")]
            public int One { get; set; }

            [JsonPropertyName("a")]
            public int Two { get; set; }
        }

        internal sealed record Page<T>(T[] Items);

        internal sealed record Record(int Value);

        internal interface INames
        {
            void Both(Order mine, Billing.Order theirs, Page<Billing.Order> page, Record other);
        }

        internal sealed record Order(int Number);

        internal interface IChatClient
        {
            void Said(string from, DateTimeOffset at);

            [Event("ready?")]
            Task<bool> ReadyAsync(string from, CancellationToken token);
        }
    }

    /// <summary>Of a contract, for whom the generator writes a class.</summary>
    public interface ICounter
    {
        Task<int> AddAsync(int by);

        void Reset();
    }

    internal sealed class Counter : RoomEntity, ICounter
    {
        private int _value;

        public Task<int> AddAsync(int by) => Task.FromResult(_value += by);

        public void Reset() => _value = 0;
    }
}

namespace ActorSocket.Tests.Contracts.Billing
{
    internal sealed record Order(string Payer);
}
