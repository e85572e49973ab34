// One mistake after each number: see checkers.py. Objects come with their relations, as in Python.
import { type Prisma, type PrismaClient } from "./generated/client.js"

type Post = Prisma.PostGetPayload<{ include: { author: true; editor: true } }>
type User = Prisma.UserGetPayload<{ include: { posts: true } }>

export function reading(post: Post, user: User): unknown[] {
  return [
    // 1
    post.titel,
    // 2
    post.title * 1,
    // 3
    post.summary.toUpperCase(),
    // 4
    post.author.nam,
    // 5
    post.editor.name,
    // 6
    user.posts.map((each) => each.titel),
  ]
}

export async function writing(db: PrismaClient, post: Post): Promise<void> {
  const where = { id: post.id }
  // 7
  await db.post.update({ where, data: { title: 3 } })
  // 8
  await db.post.update({ where, data: { title: null } })
  // 9
  await db.post.update({ where, data: { status: "PUBLISHD" } })
  // 10
  await db.post.update({ where, data: { author: "Ada" } })
  // 11
  await db.post.update({ where, data: { titel: "A title" } })
  // 12
  await db.post.update({ where, data: { rating: "good" } })
  const author = { connect: { id: post.authorId } }
  // 13
  await db.post.create({ data: { title: "A title" } })
  // 14
  await db.post.create({ data: { title: "A title", author, sumary: "" } })
  // 15
  await db.post.create({ data: { title: 1, author } })
  // 16
  await db.post.create({ data: { title: "A title", author, status: "PUBLISHD" } })
}

export async function finding(db: PrismaClient): Promise<void> {
  // 17
  await db.post.findFirst({ where: { titel: "A title" } })
  // 18
  await db.post.findFirst({ where: { rating: "good" } })
  // 19
  console.log((await db.post.findFirst({ where: { rating: { gt: 3 } } })).title)
  // 20
  await db.post.findUnique({ where: { id: 1 } })
  // 21
  await db.post.findMany({ where: { ratng: { gt: 3 } } })
  // 22
  await db.post.findMany({ where: { rating: { gt: "good" } } })
  // 23
  await db.post.findMany({ where: { author: { nam: "Ada" } } })
  // 24
  await db.post.findMany({ orderBy: { ratng: "desc" } })
  // 25
  await db.post.findMany({ include: { autor: true } })
  // 26
  await db.post.aggregate({ _max: { ratng: true } })
  // 27
  const names: number[] = (await db.post.findMany({ select: { title: true } })).map((each) => each.title)
  console.log(names)
}
