"""What a cell needs of the cells before it: its slice, found in the syntax tree.

The build asks which cells can run in a page; the page asks again with the cells as the reader
changed them. So this needs the standard library alone.
"""

import ast
import builtins
import functools

# Methods that leave their object as it is. Any other may change it: a list, a dictionary, and a
# random generator, whose next numbers depend on all that it gave before.
PURE = set(
    "all any argmax argmin argsort astype capitalize choose clip compress conj copy count cumprod "  # noqa: SIM905
    "cumsum diagonal dot endswith find flatten format get index is_integer isdigit item items "
    "join keys ljust lower lstrip max mean min nonzero prod ravel removeprefix repeat replace "
    "reshape rjust round rstrip searchsorted split splitlines squeeze startswith std strip sum "
    "swapaxes take title tobytes tolist trace transpose upper values var view zfill".split()
)
# These change their first argument.
IN_PLACE = {"at", "copyto", "fill_diagonal", "place", "put", "putmask", "shuffle"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def parameters(function):
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {argument.arg for argument in every if argument}


def bound_in(function):
    """The names that are the function's own."""
    own, others = parameters(function), set()
    todo = list(function.body) if isinstance(function.body, list) else [function.body]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own.add(node.name)
            continue
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            others.update(node.names)
        elif is_stored(node):
            own.add(node.id)
        elif isinstance(node, ast.alias):
            own.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
        if not isinstance(node, ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return own - others


def base(node):
    """The name at the left end of ``name.attribute[index]``, or None."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


class Statement(ast.NodeVisitor):
    """What a statement at the top of a cell reads, defines and changes.

    Attributes:
        cell: its cell's place among those of the page.
        reads: names whose values it needs; later: those that its functions need when called.
        defines: names; certain: those of them that it defines whatever a condition says.
        changes: names of objects that it changes; changes_later: those that its functions change.
        called: pairs of a function and an argument.
    """

    def __init__(self, tree, cell):
        self.tree, self.cell = tree, cell
        self.reads, self.later, self.defines, self.certain = set(), set(), set(), set()
        self.changes, self.changes_later, self.called = set(), set(), set()
        self.bound, self.inside, self.conditions = [], 0, 0
        self.imports = isinstance(tree, (ast.Import, ast.ImportFrom))
        self.visit(tree)

    def free(self, name):
        return name and not any(name in own for own in self.bound)

    def read(self, name):
        if self.free(name) and name not in self.certain:
            (self.later if self.inside else self.reads).add(name)

    def define(self, name):
        if self.free(name):
            (self.changes_later if self.inside else self.defines).add(name)
            if not self.inside and not self.conditions:
                self.certain.add(name)

    def change(self, name):
        if self.free(name):
            (self.changes_later if self.inside else self.changes).add(name)
            self.read(name)

    def in_turn(self, *parts):
        """Visit the parts as Python runs them."""
        for part in parts:
            for node in part if isinstance(part, list) else [part]:
                if node is not None:
                    self.visit(node)

    def visit_Assign(self, node):
        self.in_turn(node.value, node.targets)

    def visit_AnnAssign(self, node):
        self.in_turn(node.value, node.target)

    visit_NamedExpr = visit_AnnAssign  # noqa: N815

    def visit_For(self, node):
        self.in_turn(node.iter, node.target, node.body, node.orelse)

    def conditional(self, node):
        self.visit(node.test)
        self.conditions += 1
        self.in_turn(node.body, node.orelse)
        self.conditions -= 1

    visit_If = visit_While = visit_IfExp = conditional  # noqa: N815

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            self.read(node.id)
        else:
            self.define(node.id)

    def visit_alias(self, node):
        self.define((node.asname or node.name).partition(".")[0])

    def visit_ExceptHandler(self, node):
        if node.name:
            self.define(node.name)
        self.generic_visit(node)

    def visit_AugAssign(self, node):
        self.change(base(node.target))
        self.in_turn(node.value, node.target)

    def target(self, node):
        if is_target(node):
            self.change(base(node))
        self.generic_visit(node)

    visit_Attribute = visit_Subscript = target  # noqa: N815

    def visit_Call(self, node):
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        if method and method not in PURE:
            self.change(base(node.func))
        if method in IN_PLACE and node.args:
            self.change(base(node.args[0]))
        for keyword in node.keywords:
            if keyword.arg == "out":
                self.change(base(keyword.value))
        if isinstance(node.func, ast.Name) and self.free(node.func.id):
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                if self.free(base(argument)):
                    self.called.add((node.func.id, base(argument)))
        self.generic_visit(node)

    def function(self, node):
        if not isinstance(node, ast.Lambda):
            self.define(node.name)
            for decorator in node.decorator_list:
                self.visit(decorator)
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default:
                self.visit(default)
        self.bound.append(bound_in(node))
        self.inside += 1
        for part in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(part)
        self.inside -= 1
        self.bound.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = function  # noqa: N815

    def visit_ClassDef(self, node):
        self.define(node.name)
        for part in [*node.bases, *node.keywords, *node.decorator_list]:
            self.visit(part)
        own = {part.name for part in node.body if isinstance(part, FUNCTIONS)}
        assigned = {n.id for p in node.body for n in ast.walk(p) if is_stored(n)}
        self.bound.append(own | assigned)
        for part in node.body:
            self.visit(part)
        self.bound.pop()

    def comprehension(self, node):
        own = {n.id for part in node.generators for n in ast.walk(part.target) if is_stored(n)}
        self.bound.append(own)
        self.generic_visit(node)
        self.bound.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension  # noqa: N815


def is_target(node):
    return not isinstance(node.ctx, ast.Load)


def is_stored(node):
    return isinstance(node, ast.Name) and is_target(node)


def changes_what_it_is_given(tree):
    """Whether a function changes one of its parameters, so perhaps what a caller hands it."""
    if not isinstance(tree, FUNCTIONS):
        return False
    given = parameters(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            changed = node.func.attr not in PURE and base(node.func)
        elif isinstance(node, ast.AugAssign):
            changed = base(node.target)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and is_target(node):
            changed = base(node)
        else:
            continue
        if changed in given:
            return True
    return False


@functools.cache  # a reader changes one cell of a page at a time
def statements(source, cell):
    """Those of a cell, an import of several names as one for each; none if it is no Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ()
    return tuple(Statement(part, cell) for whole in tree.body for part in single(whole))


def single(tree):
    if not isinstance(tree, (ast.Import, ast.ImportFrom)):
        return [tree]
    fields = dict(ast.iter_fields(tree))
    return [
        ast.copy_location(type(tree)(**fields | {"names": [alias]}), tree) for alias in tree.names
    ]


class Page:
    """The cells of a page, in order, as statements.

    Attributes:
        changes: for each statement the names of the objects that it and what it calls changes.
    """

    def __init__(self, cells):
        parsed = (statements(source, number) for number, source in enumerate(cells))
        self.statements = [statement for cell in parsed for statement in cell]
        self.changes = list(self._all_changes())

    def _all_changes(self):
        functions, imported = {}, set()  # as they are defined so far
        for statement in self.statements:
            changes = set(statement.changes)
            for name in statement.defines:
                functions.pop(name, None)
                imported.discard(name)
                if statement.imports:
                    imported.add(name)
                elif isinstance(statement.tree, (ast.FunctionDef, ast.ClassDef)):
                    functions[name] = statement
            reached, todo = set(), list(statement.reads)
            while todo:
                name = todo.pop()
                if name in functions and name not in reached:
                    reached.add(name)
                    todo += functions[name].later
                    changes |= functions[name].changes_later
            for function, argument in statement.called:
                if function in functions and changes_what_it_is_given(functions[function].tree):
                    changes.add(argument)
            yield changes - imported

    def needed(self, cell):
        """The statements before the cell that it depends on, in order, and the names that none
        of them and not Python itself defines.
        """
        own = [s for s in self.statements if s.cell == cell]
        first = sum(s.cell < cell for s in self.statements)
        found, seen, wanted = set(), set(), set()
        known = set(dir(builtins)).union(*(s.defines for s in own))
        todo, before = [], set()
        for statement in own:
            todo += [(name, first) for name in statement.reads - before]
            before |= statement.certain
        todo += [(name, first) for s in own for name in s.later - before]
        while todo:
            name, place = todo.pop()
            if (name, place) in seen:
                continue
            seen.add((name, place))
            wanted.add(name)
            for i in reversed(range(place)):
                statement = self.statements[i]
                if name in statement.defines or name in self.changes[i]:
                    found.add(i)
                    todo += [(other, i) for other in statement.reads | statement.later]
                    todo += [(other, place) for other in statement.later]
                    known |= {name} & statement.defines
                    if name in statement.certain:
                        break
        return [self.statements[i] for i in sorted(found)], wanted - known
